/** What lies in the folder in which each command runs. */
export const files: Readonly<Record<string, string>> = {
  'cm.yaml': `
apiVersion: v1
kind: ConfigMap
metadata: {name: made, labels: {app: made}}
data: {colour: blue}
`,
  'cm-changed.yaml': `
apiVersion: v1
kind: ConfigMap
metadata: {name: made, labels: {app: made}}
data: {colour: green, size: large}
`,
  'deployment.yaml': `
apiVersion: apps/v1
kind: Deployment
metadata: {name: made, labels: {app: made}}
spec:
  replicas: 1
  selector: {matchLabels: {app: made}}
  template:
    metadata: {labels: {app: made}}
    spec: {containers: [{name: c, image: "nginx:1.0", env: [{name: GREETING, value: hello}]}]}
`,
  'several.yaml': `
apiVersion: v1
kind: ConfigMap
metadata: {name: one}
data: {colour: blue}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: two}
data: {colour: red}
---
apiVersion: v1
kind: Service
metadata: {name: three}
spec: {ports: [{port: 80}]}
`,
  'broken.yaml': `
apiVersion: v1
kind: ConfigMap
metadata: {name: broken, unknownField: x}
data: {colour: [not, text]}
`,
  'kustomization/kustomization.yaml': `
namePrefix: k-
resources: [cm.yaml]
configMapGenerator: [{name: generated, literals: [colour=blue]}]
`,
  'kustomization/cm.yaml': `
apiVersion: v1
kind: ConfigMap
metadata: {name: made}
data: {colour: blue}
`,
};
