{{- define "marketplace-sidecar.fullname" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "marketplace-sidecar.selectorLabels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "marketplace-sidecar.labels" -}}
{{ include "marketplace-sidecar.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "marketplace-sidecar.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "marketplace-sidecar.fullname" .) -}}
{{- else -}}
{{- required "serviceAccount.name is needed when serviceAccount.create is false" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{/* A list of environment variables from a map. Helm holds numbers as floats: 1048576 would become 1.048576e+06. */}}
{{- define "marketplace-sidecar.env" -}}
{{- range $name, $value := . }}
- name: {{ $name }}
  value: {{ if kindIs "float64" $value }}{{ $value | int64 | quote }}{{ else }}{{ $value | quote }}{{ end }}
{{- end }}
{{- end -}}

{{/* The seconds that the pod has for stopping; refused when the sidecar could not use its own time. */}}
{{- define "marketplace-sidecar.gracePeriod" -}}
{{- $needed := index .Values.settings "SIDECAR_SHUTDOWN_TIMEOUT_MS" | default 25000 | int64 -}}
{{- if le (mul (.Values.terminationGracePeriodSeconds | int64) 1000) $needed -}}
{{- fail (printf "terminationGracePeriodSeconds must be more than the %d ms of SIDECAR_SHUTDOWN_TIMEOUT_MS" $needed) -}}
{{- end -}}
{{- .Values.terminationGracePeriodSeconds | int64 -}}
{{- end -}}

{{/* An entry of `initContainers`: a native sidecar, which starts before the application and stops after it. */}}
{{- define "marketplace-sidecar.container" -}}
- name: marketplace-sidecar
  image: {{ .Values.image.registry }}/{{ .Values.image.repository }}:{{ .Values.image.tag }}
  imagePullPolicy: {{ .Values.image.pullPolicy }}
  restartPolicy: Always
  env:
    - name: SIDECAR_OPS_LISTEN
      value: {{ printf "%s:%d" .Values.ops.host (int64 .Values.ops.port) | quote }}
    {{- with .Values.settings }}
    {{- include "marketplace-sidecar.env" . | trim | nindent 4 }}
    {{- end }}
  ports:
    - name: ops
      containerPort: {{ .Values.ops.port | int64 }}
  startupProbe:
    httpGet: { path: /livez, port: ops }
    periodSeconds: 1
    timeoutSeconds: 5
    failureThreshold: 60
  livenessProbe:
    httpGet: { path: /livez, port: ops }
    periodSeconds: 10
    timeoutSeconds: 5
    failureThreshold: 6
  readinessProbe:
    httpGet: { path: /readyz, port: ops }
    periodSeconds: 5
    timeoutSeconds: 5
  securityContext:
    runAsNonRoot: true
    runAsUser: 65532
    runAsGroup: 65532
    readOnlyRootFilesystem: true
    allowPrivilegeEscalation: false
    capabilities: { drop: [ALL] }
    seccompProfile: { type: RuntimeDefault }
  resources: {{- toYaml .Values.resources | nindent 4 }}
  volumeMounts:
    - name: marketplace-sidecar-data
      mountPath: /var/lib/marketplace-sidecar
{{- end -}}
