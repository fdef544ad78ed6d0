// The manifests of deploy/kubernetes as `kubectl apply -k` would send them: the resources that kustomization.yaml names.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import { PACKAGE_ROOT } from '../../src/platform.js'

export const FOLDER = join(PACKAGE_ROOT, 'deploy/kubernetes')

export type Labels = Readonly<Record<string, string>>

type SecretKey = { readonly name: string; readonly key: string; readonly optional?: boolean }

export type Container = {
  readonly name: string
  readonly image: string
  readonly args?: readonly string[]
  readonly env?: readonly {
    readonly name: string
    readonly value?: string
    readonly valueFrom?: { readonly secretKeyRef: SecretKey }
  }[]
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[]
  readonly resources: { readonly requests: Labels; readonly limits: Labels }
  readonly securityContext: object
  readonly volumeMounts?: readonly { readonly name: string }[]
} & Readonly<
  Record<`${'startup' | 'readiness' | 'liveness'}Probe`, { readonly httpGet?: { path: string; port: string } }>
>

export type Pod = {
  readonly metadata: { readonly labels: Labels }
  readonly spec: {
    readonly containers: readonly Container[]
    readonly terminationGracePeriodSeconds?: number
    readonly securityContext: object
    readonly automountServiceAccountToken?: boolean
    readonly volumes?: readonly { readonly name: string }[]
  }
}

export type Selector = { readonly matchLabels?: Labels }

export type Manifest = {
  readonly file: string
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly annotations?: Labels; readonly labels?: Labels }
  readonly spec: Readonly<Record<string, unknown>> & {
    readonly selector?: Selector & Labels
    readonly template?: Pod
    readonly ports?: readonly {
      readonly name: string
      readonly port: number
      readonly targetPort: string
      readonly nodePort?: number
    }[]
  }
  readonly stringData?: Labels
}

/** The documents of a file of the folder. */
export function manifestsOf(file: string): Manifest[] {
  return parseAllDocuments(readFileSync(join(FOLDER, file), 'utf8'), { strict: true, uniqueKeys: true }).map(
    (document) => {
      if (document.errors[0] !== undefined) throw document.errors[0]
      return { file, ...document.toJS() }
    },
  )
}

export type Kustomization = {
  readonly namespace: string
  readonly resources: readonly string[]
  readonly images: readonly { readonly name: string; readonly newName: string; readonly newTag: string }[]
}

export function kustomization(): Kustomization {
  return parseAllDocuments(readFileSync(join(FOLDER, 'kustomization.yaml'), 'utf8'))[0]?.toJS()
}

/** Does a selector choose what has these labels? An empty one chooses everything. */
export function selects(selector: Labels, labels: Labels): boolean {
  return Object.entries(selector).every(([name, value]) => labels[name] === value)
}
