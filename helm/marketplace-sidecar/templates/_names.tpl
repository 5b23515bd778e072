{{/* Names and labels. The templates of this chart get the root of the application's chart; this chart's values are in
`.Subcharts.sidecar`, because the dependency has `alias: sidecar`. */}}

{{- define "marketplace-sidecar.fullname" -}}
{{- $name := .Values.nameOverride | default .Chart.Name -}}
{{- if contains $name .Release.Name -}}
{{- regexReplaceAll "[-.]+$" (.Release.Name | trunc 42) "" -}}
{{- else -}}
{{- regexReplaceAll "[-.]+$" (printf "%s-%s" .Release.Name $name | trunc 42) "" -}}
{{- end -}}
{{- end -}}

{{/* The label by which the objects of this chart find the pods; a release may have other pods too. */}}
{{- define "marketplace-sidecar.podLabels" -}}
marketplace-sidecar/release: {{ .Release.Name | quote }}
{{- end -}}

{{- define "marketplace-sidecar.podAnnotations" -}}
{{- with .Subcharts.sidecar.Values -}}
{{- if .monitoring.annotations -}}
prometheus.io/scrape: 'true'
prometheus.io/port: {{ .ops.port | int64 | quote }}
prometheus.io/path: /metrics
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "marketplace-sidecar.labels" -}}
app.kubernetes.io/name: {{ .Chart.Name | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/component: marketplace-sidecar
{{- end -}}
