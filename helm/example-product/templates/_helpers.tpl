{{- define "example-product.selectorLabels" -}}
app.kubernetes.io/name: {{ .Chart.Name | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end -}}

{{- define "example-product.labels" -}}
{{ include "example-product.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" | quote }}
{{- end -}}

{{/* The environment of the stand-in, from the values of the application. */}}
{{- define "example-product.environment" -}}
- name: USAGE_DIMENSION
  value: {{ .dimension | quote }}
- name: USAGE_INTERVAL_SECONDS
  value: {{ .intervalSeconds | int64 | quote }}
{{- range $name, $value := .env }}
{{- if has $name (list "USAGE_DIMENSION" "USAGE_INTERVAL_SECONDS") }}
{{- fail (printf "application.env has %s, which application.dimension and application.intervalSeconds set: remove it there" $name) }}
{{- end }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end -}}

{{/* The security context of every container here, which permits next to nothing. */}}
{{- define "example-product.securityContext" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
readOnlyRootFilesystem: true
allowPrivilegeEscalation: false
capabilities: { drop: [ALL] }
seccompProfile: { type: RuntimeDefault }
{{- end -}}

{{- define "example-product.emulatorLabels" -}}
app.kubernetes.io/name: {{ .Values.emulator.name | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end -}}
