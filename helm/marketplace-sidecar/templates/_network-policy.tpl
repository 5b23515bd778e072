{{/* The Metering service and STS are both HTTPS. Ports are numbers, because not every network plugin resolves the names of
ports of init containers. */}}
{{- define "marketplace-sidecar.networkPolicy" -}}
{{- $values := .Subcharts.sidecar.Values -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ include "marketplace-sidecar.fullname" . }}-marketplace-sidecar
  namespace: {{ .Release.Namespace | quote }}
  labels: {{- include "marketplace-sidecar.labels" . | nindent 4 }}
spec:
  podSelector:
    matchLabels: {{- include "marketplace-sidecar.podLabels" . | nindent 6 }}
  policyTypes: [Ingress, Egress]
  ingress:
    - ports:
        - port: {{ $values.ops.port | int64 }}
          protocol: TCP
      {{- with $values.networkPolicy.opsFrom }}
      from: {{- toYaml . | nindent 8 }}
      {{- end }}
    {{- with $values.networkPolicy.extraIngress }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  egress:
    - ports:
        - port: 53
          protocol: UDP
        - port: 53
          protocol: TCP
    - ports:
        - port: 443
          protocol: TCP
      {{- with $values.networkPolicy.httpsTo }}
      to: {{- toYaml . | nindent 8 }}
      {{- end }}
    {{- with $values.networkPolicy.extraEgress }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end -}}
