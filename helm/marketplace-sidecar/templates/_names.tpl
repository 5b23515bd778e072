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

{{/* The labels or annotations of an object: `own`, and those that the values add at `at`. A key that both have would stand
twice in the object, and a server-side apply refuses it. */}}
{{- define "marketplace-sidecar.merged" -}}
{{- $own := fromYaml .own -}}
{{- range $key := keys (.more | default dict) | sortAlpha -}}
{{- if hasKey $own $key -}}
{{- fail (printf "%s has %s, which the chart sets itself: remove it there" $.at $key) -}}
{{- end -}}
{{- end -}}
{{- with .own | trim }}
{{ . }}
{{- end }}
{{- with .more }}
{{ toYaml . }}
{{- end }}
{{- end -}}
