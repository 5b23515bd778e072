{{/* The sidecar as an entry of a list of containers, for the scope of this chart. */}}
{{- define "marketplace-sidecar.container" -}}
- name: marketplace-sidecar
  image: {{ .Values.image.registry }}/{{ .Values.image.repository }}:{{ .Values.image.tag }}
  imagePullPolicy: {{ .Values.image.pullPolicy }}
  env:
    - name: SIDECAR_POD_UID
      valueFrom:
        fieldRef:
          fieldPath: metadata.uid
    {{- include "marketplace-sidecar.env" .Values | trim | nindent 4 }}
  ports:
    - name: sidecar-ops
      containerPort: {{ .Values.ops.port | int64 }}
  startupProbe:
    httpGet: { path: /livez, port: sidecar-ops }
    periodSeconds: 1
    timeoutSeconds: 5
    failureThreshold: 60
  livenessProbe:
    httpGet: { path: /livez, port: sidecar-ops }
    periodSeconds: 10
    timeoutSeconds: 5
    failureThreshold: 6
  readinessProbe:
    httpGet: { path: /readyz, port: sidecar-ops }
    periodSeconds: 5
    timeoutSeconds: 5
  # Kubernetes calls it when the end of the pod begins, before the application has stopped: a metrics page is read
  # more often from then on.
  lifecycle:
    preStop:
      httpGet: { path: /prestop, port: sidecar-ops }
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
    {{- if .Values.database.existingSecret }}
    - name: marketplace-sidecar-database
      mountPath: /run/secrets/marketplace-sidecar-database
      readOnly: true
    {{- end }}
    {{- with .Values.volumeMounts }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end -}}

{{/* The environment, from the values of this chart. In the classic form a silent application may still report until
its time to stop is over. */}}
{{- define "marketplace-sidecar.env" -}}
{{- $settings := dict "SIDECAR_OPS_LISTEN" (printf "%s:%d" .ops.host (int64 .ops.port)) -}}
{{- if eq .data.type "emptyDir" -}}
{{- $_ := set $settings "SIDECAR_DATA_LIMIT" .data.size -}}
{{- end -}}
{{- if .database.existingSecret -}}
{{- $_ := set $settings "SIDECAR_DATABASE_URL_FILE" "/run/secrets/marketplace-sidecar-database/url" -}}
{{- end -}}
{{- if eq .form "classic" -}}
{{- $_ := set $settings "SIDECAR_DRAIN_QUIET_MS" (min 60000 (mul .applicationStopSeconds 1000)) -}}
{{- end -}}
{{- range $name, $value := merge (deepCopy .settings) (deepCopy .env) $settings }}
- name: {{ $name }}
  {{- /* Helm holds numbers as floats: 1048576 would become 1.048576e+06. */}}
  value: {{ kindIs "float64" $value | ternary (int64 $value) $value | quote }}
{{- end -}}
{{- end -}}
