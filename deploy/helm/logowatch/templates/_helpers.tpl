{{- define "logowatch.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}{{ else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "logowatch.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "logowatch.labels" -}}
{{ include "logowatch.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{/* The streams of one ingest process: every n-th. (dict "streams" list "shard" int "shards" int) */}}
{{- define "logowatch.share" -}}
{{- $share := list }}
{{- range $i, $stream := .streams }}
{{- if eq (mod $i $.shards) $.shard }}{{ $share = append $share $stream }}{{ end }}
{{- end }}
{{- toYaml $share }}
{{- end }}

{{/* The config file of a stage. (dict "root" . "streams" list "sinks" list) */}}
{{- define "logowatch.config" -}}
{{- $ops := dict "host" "0.0.0.0" "port" 9464 }}
{{- toYaml (merge (dict "ops" $ops "streams" .streams "sinks" .sinks) (omit .root.Values.config "streams" "sinks")) }}
{{- end }}

{{/* A Deployment. (dict "root" . "stage" "infer" "name" "infer" "config" "infer.yaml" "strategy" dict "replicas" int or "") */}}
{{- define "logowatch.deployment" -}}
{{- $root := .root }}
{{- $values := index $root.Values .stage }}
{{- $own := $values.image | default dict }}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "logowatch.name" $root }}-{{ .name }}
  labels:
    {{- include "logowatch.labels" $root | nindent 4 }}
    app.kubernetes.io/component: {{ .stage }}
spec:
  {{- if ne (toString .replicas) "" }}
  replicas: {{ .replicas }}
  {{- end }}
  strategy: {{- toYaml .strategy | nindent 4 }}
  selector:
    matchLabels:
      {{- include "logowatch.selector" $root | nindent 6 }}
      logowatch/process: {{ .name }}
  template:
    metadata:
      labels:
        {{- include "logowatch.labels" $root | nindent 8 }}
        app.kubernetes.io/component: {{ .stage }}
        logowatch/process: {{ .name }}
      annotations:
        # A config that has changed is read by new processes.
        logowatch/config: {{ .text | sha256sum }}
    spec:
      automountServiceAccountToken: false
      # The program drains within 10 s of SIGTERM; nobody sends it requests, so there is nothing to wait for before.
      terminationGracePeriodSeconds: 20
      securityContext:
        runAsNonRoot: true
        runAsUser: 10001
        runAsGroup: 10001
        fsGroup: 10001
        seccompProfile: { type: RuntimeDefault }
      {{- with $root.Values.imagePullSecrets }}
      imagePullSecrets: {{- toYaml . | nindent 8 }}
      {{- end }}
      containers:
        - name: {{ .stage }}
          image: "{{ $own.repository | default $root.Values.image.repository }}:{{ $own.tag | default $root.Values.image.tag | default $root.Chart.AppVersion }}"
          imagePullPolicy: {{ $root.Values.image.pullPolicy }}
          args: [{{ .stage }}, -c, /etc/logowatch/{{ .config }}]
          {{- with concat $root.Values.environmentFrom $values.environmentFrom }}
          envFrom:
            {{- range . }}
            - secretRef: { name: {{ . }} }
            {{- end }}
          {{- end }}
          ports:
            - { name: ops, containerPort: 9464 }
          livenessProbe:
            httpGet: { path: /healthz, port: ops }
            timeoutSeconds: 5
            periodSeconds: 10
            failureThreshold: 6
          readinessProbe:
            httpGet: { path: /readyz, port: ops }
            timeoutSeconds: 5
            periodSeconds: 5
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities: { drop: [ALL] }
          resources: {{- toYaml $values.resources | nindent 12 }}
          volumeMounts:
            - { name: config, mountPath: /etc/logowatch, readOnly: true }
            - { name: tmp, mountPath: /tmp }
            - { name: data, mountPath: /data }
            {{- if $root.Values.tlsSecret }}
            - { name: tls, mountPath: /etc/logowatch/tls, readOnly: true }
            {{- end }}
            {{- if and $root.Values.modelsClaim (eq .stage "infer") }}
            - { name: models, mountPath: /models, readOnly: true }
            {{- end }}
      volumes:
        - name: config
          configMap:
            name: {{ include "logowatch.name" $root }}
            items:
              - { key: {{ .config }}, path: {{ .config }} }
        - { name: tmp, emptyDir: { sizeLimit: 64Mi } }
        {{- if $values.dataClaim }}
        - { name: data, persistentVolumeClaim: { claimName: {{ $values.dataClaim }} } }
        {{- else }}
        - { name: data, emptyDir: { sizeLimit: 1Gi } }
        {{- end }}
        {{- if $root.Values.tlsSecret }}
        - { name: tls, secret: { secretName: {{ $root.Values.tlsSecret }} } }
        {{- end }}
        {{- if and $root.Values.modelsClaim (eq .stage "infer") }}
        - { name: models, persistentVolumeClaim: { claimName: {{ $root.Values.modelsClaim }}, readOnly: true } }
        {{- end }}
      {{- with $values.nodeSelector }}
      nodeSelector: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $values.tolerations }}
      tolerations: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $values.affinity }}
      affinity: {{- toYaml . | nindent 8 }}
      {{- end }}
{{- end }}
