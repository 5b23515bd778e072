{{/* Refuses what the schema cannot: values that do not fit each other, or do not fit this cluster. */}}
{{- define "marketplace-sidecar.check" -}}
{{- if not .Subcharts.sidecar -}}
{{- fail "the dependency marketplace-sidecar needs `alias: sidecar` in Chart.yaml" -}}
{{- end -}}
{{- range $name := list "registry" "repository" "tag" -}}
{{- if not (index $.Subcharts.sidecar.Values.image $name) -}}
{{- fail (printf "sidecar.image.%s is missing: values.yaml must name the sidecar's image in the registry of AWS Marketplace" $name) -}}
{{- end -}}
{{- end -}}
{{- range $image := list (dict "at" "sidecar.image" "tag" .Subcharts.sidecar.Values.image.tag) (dict "at" "application.image" "tag" (dig "image" "tag" "" (.Values.application | default dict))) -}}
{{- if eq $image.tag "latest" -}}
{{- fail (printf "%s.tag is latest, which AWS Marketplace refuses and which can change under a running product: name a version" $image.at) -}}
{{- end -}}
{{- end -}}
{{- if and (eq .Subcharts.sidecar.Values.data.type "existingClaim") (gt (int64 (.Values.replicaCount | default 1)) 1) -}}
{{- fail "sidecar.data.type existingClaim is for one pod, and replicaCount is more: two ledgers cannot share a volume; use claimTemplate" -}}
{{- end -}}
{{- with .Subcharts.sidecar.Values -}}
{{- if and (eq .form "native") (semverCompare "<1.29.0-0" $.Capabilities.KubeVersion.Version) -}}
{{- fail (printf "Kubernetes %s has no native sidecars, which came with 1.29: set sidecar.form to classic" $.Capabilities.KubeVersion.Version) -}}
{{- end -}}
{{- if or (hasPrefix "127." .ops.host) (eq .ops.host "[::1]") -}}
{{- fail (printf "sidecar.ops.host is %s, where the kubelet cannot reach the sidecar: use 0.0.0.0, or [::] in a cluster with IPv6 pods" .ops.host) -}}
{{- end -}}
{{- /* 0 is a setting too, which `default` would replace. */}}
{{- $drain := hasKey .settings "SIDECAR_DRAIN_DELAY_MS" | ternary (index .settings "SIDECAR_DRAIN_DELAY_MS") 10000 | int64 -}}
{{- if and (eq .form "classic") (gt (mul .applicationStopSeconds 1000) $drain) -}}
{{- fail (printf "in the classic form the sidecar accepts reports for the %d ms of SIDECAR_DRAIN_DELAY_MS after the stop signal, and sidecar.applicationStopSeconds is longer: its last usage would be lost" $drain) -}}
{{- end -}}
{{- $flush := index .settings "SIDECAR_SHUTDOWN_TIMEOUT_MS" | default 25000 | int64 -}}
{{- if lt $flush $drain -}}
{{- fail (printf "SIDECAR_SHUTDOWN_TIMEOUT_MS (%d ms) must not be less than SIDECAR_DRAIN_DELAY_MS (%d ms): the sidecar would not start" $flush $drain) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The pod's time to stop. A native sidecar stops after the application, so both times add up; in the classic form
both get the signal at once. */}}
{{- define "marketplace-sidecar.terminationGracePeriodSeconds" -}}
{{- include "marketplace-sidecar.check" . -}}
{{- with .Subcharts.sidecar.Values -}}
{{- $grace := int64 .terminationGracePeriodSeconds -}}
{{- $flush := index .settings "SIDECAR_SHUTDOWN_TIMEOUT_MS" | default 25000 | int64 -}}
{{- $application := mul .applicationStopSeconds 1000 -}}
{{- $needed := ternary (add $application $flush) (max $application $flush) (eq .form "native") -}}
{{- if le (mul $grace 1000) $needed -}}
{{- fail (printf "sidecar.terminationGracePeriodSeconds must be more than %d ms: sidecar.applicationStopSeconds (%d ms) %s SIDECAR_SHUTDOWN_TIMEOUT_MS (%d ms)" $needed $application (ternary "and then" "or" (eq .form "native")) $flush) -}}
{{- end -}}
{{- $grace -}}
{{- end -}}
{{- end -}}
