{{/* For charts without a service account. The values are the application chart's `serviceAccount`, whose `name` AWS
Marketplace fills in. */}}

{{- define "marketplace-sidecar.serviceAccountName" -}}
{{- with required "values.yaml needs serviceAccount with create, name and annotations" .Values.serviceAccount -}}
{{- if .create -}}
{{- .name | default (include "marketplace-sidecar.fullname" $) -}}
{{- else -}}
{{- required "serviceAccount.name is needed when serviceAccount.create is false" .name -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "marketplace-sidecar.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ include "marketplace-sidecar.serviceAccountName" . | quote }}
  namespace: {{ .Release.Namespace | quote }}
  labels: {{- include "marketplace-sidecar.labels" . | nindent 4 }}
  {{- with .Values.serviceAccount.annotations }}
  annotations: {{- toYaml . | nindent 4 }}
  {{- end }}
automountServiceAccountToken: false
{{- end -}}
{{- end -}}
