{{/* The parts of the pod. Each renders nothing where the values ask for the other form, and the one that renders the
container leaves a mark for `marketplace-sidecar.notes`. */}}

{{/* Entries of `initContainers`: the native form, which starts before the application and stops after it. */}}
{{- define "marketplace-sidecar.initContainers" -}}
{{- include "marketplace-sidecar.check" . -}}
{{- if eq .Subcharts.sidecar.Values.form "native" -}}
{{- $_ := set .Subcharts.sidecar "isInPod" true -}}
{{- include "marketplace-sidecar.container" .Subcharts.sidecar }}
  restartPolicy: Always
{{- end -}}
{{- end -}}

{{/* Entries of `containers`: the classic form. */}}
{{- define "marketplace-sidecar.containers" -}}
{{- include "marketplace-sidecar.check" . -}}
{{- if eq .Subcharts.sidecar.Values.form "classic" -}}
{{- $_ := set .Subcharts.sidecar "isInPod" true -}}
{{- include "marketplace-sidecar.container" .Subcharts.sidecar -}}
{{- end -}}
{{- end -}}

{{/* Entries of `volumes`; without that of the ledger for `claimTemplate`, where the StatefulSet creates it. */}}
{{- define "marketplace-sidecar.volumes" -}}
{{- with .Subcharts.sidecar.Values.database -}}
{{- if .existingSecret -}}
- name: marketplace-sidecar-database
  secret:
    secretName: {{ .existingSecret | quote }}
    defaultMode: 0444
    items:
      - { key: {{ .key | quote }}, path: url }
{{ end -}}
{{- end -}}
{{- with .Subcharts.sidecar.Values.data -}}
{{- if eq .type "emptyDir" -}}
- name: marketplace-sidecar-data
  emptyDir:
    sizeLimit: {{ .size }}
{{- else if eq .type "existingClaim" -}}
- name: marketplace-sidecar-data
  persistentVolumeClaim:
    claimName: {{ required "sidecar.data.claimName is needed for the type existingClaim" .claimName | quote }}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Entries of a StatefulSet's `volumeClaimTemplates`. They have no labels, because they cannot be changed later. */}}
{{- define "marketplace-sidecar.volumeClaimTemplates" -}}
{{- with .Subcharts.sidecar.Values.data -}}
{{- if eq .type "claimTemplate" -}}
- apiVersion: v1
  kind: PersistentVolumeClaim
  metadata:
    name: marketplace-sidecar-data
  spec:
    accessModes: [ReadWriteOnce]
    {{- with .storageClassName }}
    storageClassName: {{ . | quote }}
    {{- end }}
    resources:
      requests:
        storage: {{ .size }}
{{- end -}}
{{- end -}}
{{- end -}}
