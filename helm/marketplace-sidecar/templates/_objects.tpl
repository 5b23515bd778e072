{{/* Every further object that the values ask for, as documents of one template. */}}
{{- define "marketplace-sidecar.objects" -}}
{{- include "marketplace-sidecar.check" . -}}
{{- with .Subcharts.sidecar.Values -}}
{{- if .monitoring.podMonitor.enabled }}
---
{{ include "marketplace-sidecar.podMonitor" $ }}
{{- end }}
{{- if .monitoring.prometheusRule.enabled }}
---
{{ include "marketplace-sidecar.prometheusRule" $ }}
{{- end }}
{{- if .monitoring.dashboard.enabled }}
---
{{ include "marketplace-sidecar.dashboard" $ }}
{{- end }}
{{- if .networkPolicy.enabled }}
---
{{ include "marketplace-sidecar.networkPolicy" $ }}
{{- end }}
{{- end -}}
{{- end -}}
