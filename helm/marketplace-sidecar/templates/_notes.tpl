{{/* The last lines of NOTES.txt. Helm renders NOTES.txt after every template whose name begins with a small letter, so
a chart whose pod does not have the sidecar is noticed here. */}}
{{- define "marketplace-sidecar.notes" -}}
{{- if not .Subcharts.sidecar.isInPod -}}
{{- fail (printf "no pod of this chart has the sidecar, so nothing would be metered: add the include of marketplace-sidecar.%s to the pod, as in step 3 of charts/marketplace-sidecar/README.md, in a template whose name begins with a small letter" (ternary "initContainers" "containers" (eq .Subcharts.sidecar.Values.form "native"))) -}}
{{- end -}}
Whether AWS lets it run:
  kubectl --namespace {{ .Release.Namespace }} get pods --selector {{ printf "marketplace-sidecar/release=%s" .Release.Name }}
  kubectl --namespace {{ .Release.Namespace }} logs --selector {{ printf "marketplace-sidecar/release=%s" .Release.Name }} --container marketplace-sidecar --tail 20
{{- end -}}
