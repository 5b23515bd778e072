{{- define "marketplace-sidecar.podMonitor" -}}
{{- $values := .Subcharts.sidecar.Values.monitoring.podMonitor -}}
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata:
  name: {{ include "marketplace-sidecar.fullname" . }}-marketplace-sidecar
  namespace: {{ .Release.Namespace | quote }}
  labels:
    {{- include "marketplace-sidecar.merged" (dict "own" (include "marketplace-sidecar.labels" .) "more" $values.labels "at" "sidecar.monitoring.podMonitor.labels") | trim | nindent 4 }}
spec:
  selector:
    matchLabels: {{- include "marketplace-sidecar.podLabels" . | nindent 6 }}
  podMetricsEndpoints:
    - port: sidecar-ops
      path: /metrics
      interval: {{ $values.interval }}
{{- end -}}

{{/* The texts of the alerts contain templates for Prometheus, so Helm copies the file, with the address of the pages.
Without one, the path of a page is no `runbook_url`: no one could open it. */}}
{{- define "marketplace-sidecar.prometheusRule" -}}
{{- $sidecar := .Subcharts.sidecar -}}
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: {{ include "marketplace-sidecar.fullname" . }}-marketplace-sidecar
  namespace: {{ .Release.Namespace | quote }}
  labels:
    {{- include "marketplace-sidecar.merged" (dict "own" (include "marketplace-sidecar.labels" .) "more" $sidecar.Values.monitoring.prometheusRule.labels "at" "sidecar.monitoring.prometheusRule.labels") | trim | nindent 4 }}
spec:
  {{- $docs := trimSuffix "/" (dig "SIDECAR_DOCS_URL" "" $sidecar.Values.settings) }}
  {{- $page := ternary (printf "runbook_url: %s/" $docs) "runbook: docs/" (ne $docs "") }}
  {{- $sidecar.Files.Get "files/alerts.yaml" | replace "runbook_url: docs/" $page | trim | nindent 2 }}
{{- end -}}

{{- define "marketplace-sidecar.dashboard" -}}
{{- $sidecar := .Subcharts.sidecar -}}
{{- $values := $sidecar.Values.monitoring.dashboard -}}
{{- $docs := trimSuffix "/" (dig "SIDECAR_DOCS_URL" "" $sidecar.Values.settings) -}}
{{- $dashboard := $sidecar.Files.Get "files/dashboard.json" -}}
{{- if $docs -}}
{{- $dashboard = replace `"url": "docs/` (printf `"url": "%s/` $docs) $dashboard -}}
{{- else -}}
{{- /* Each list of links, without those that lead nowhere. */}}
{{- $dashboard = regexReplaceAll `"links": \[(\s*\{[^{}]*"url": "docs/[^{}]*\},?)+\s*\]` $dashboard `"links": []` -}}
{{- end -}}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ include "marketplace-sidecar.fullname" . }}-marketplace-sidecar
  namespace: {{ .Release.Namespace | quote }}
  labels:
    {{- include "marketplace-sidecar.merged" (dict "own" (include "marketplace-sidecar.labels" .) "more" $values.labels "at" "sidecar.monitoring.dashboard.labels") | trim | nindent 4 }}
  {{- with $values.annotations }}
  annotations: {{- toYaml . | nindent 4 }}
  {{- end }}
data:
  marketplace-sidecar.json: |-
    {{- $dashboard | trim | nindent 4 }}
{{- end -}}
