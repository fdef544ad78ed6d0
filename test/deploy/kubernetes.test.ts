// The manifests without a cluster: held against the official schemas and types of Kubernetes, and against each other,
// docs/openapi.yaml and the program's own flags.

import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { parseCommand } from '../../src/command.js'
import { PACKAGE_ROOT } from '../../src/platform.js'
import { temporaryFolder } from '../support/journal.js'
import { FOLDER, kustomization, type Manifest, manifestsOf, type Pod, selects } from '../support/manifests.js'

const { namespace, resources, images } = kustomization()
const manifests = resources.flatMap(manifestsOf)
const [secret = expect.unreachable()] = manifestsOf('secret.example.yaml')
const of = (kind: string, name?: string): Manifest[] =>
  manifests.filter((one) => one.kind === kind && (name ?? one.metadata.name) === one.metadata.name)
const pods = manifests.flatMap(({ spec }) => spec?.template ?? [])
const [deployment = expect.unreachable()] = of('Deployment')
const [chat = expect.unreachable()] = deployment.spec.template?.spec.containers ?? []
const titleOf = ({ kind, metadata }: Manifest): string => `${kind} ${metadata.name}`

/** The class of kubernetes-models for a manifest, which has the schema of Kubernetes with it. */
async function modelOf({ apiVersion, kind }: Manifest): Promise<new (manifest: object) => { validate(): void }> {
  const path = `kubernetes-models/${apiVersion}/${kind}`
  const module: Record<string, new (manifest: object) => { validate(): void }> = await import(/* @vite-ignore */ path)
  return module[kind] ?? expect.unreachable(`Kubernetes knows no ${kind}`)
}

function withoutFile({ file: _file, ...manifest }: Manifest): object {
  return manifest
}

describe('what Kubernetes takes', () => {
  test.each([...manifests, secret].map((manifest) => [titleOf(manifest), manifest] as const))(
    '%s is as its schema says',
    async (_title, manifest) => {
      const Model = await modelOf(manifest)
      new Model(withoutFile(manifest)).validate()
    },
  )

  test('a wrong value would be found', async () => {
    const Model = await modelOf(deployment)
    expect(() =>
      new Model({ ...withoutFile(deployment), spec: { ...deployment.spec, replicas: 'two' } }).validate(),
    ).toThrow('replicas must be integer')
  })

  test('no field has a name that Kubernetes does not know', () => {
    const check = (values: readonly object[]): string => compile([...manifests, secret], values)
    expect(check([...manifests, secret].map(withoutFile))).toBe('')
    const misspelt = { ...withoutFile(deployment), spec: { ...deployment.spec, minReadySecond: 5 } }
    expect(check([...manifests, secret].map((one) => (one === deployment ? misspelt : withoutFile(one))))).toContain(
      'minReadySecond',
    )
  }, 60_000)

  test('every file is a resource, and nothing is named twice', () => {
    const files = readdirSync(FOLDER).filter((file) => !/^(?:kustomization|secret\.example)\.yaml$/.test(file))
    expect([...resources].toSorted()).toEqual(files.toSorted())
    expect(new Set(manifests.map(titleOf)).size).toBe(manifests.length)
    expect(of('Namespace').map(({ metadata }) => metadata.name)).toEqual([namespace])
  })
})

/** What the compiler says of these values, each as the type of its manifest. */
function compile(typed: readonly Manifest[], values: readonly object[]): string {
  const folder = temporaryFolder()
  symlinkSync(join(PACKAGE_ROOT, 'node_modules'), join(folder, 'node_modules'))
  const lines = typed.map(
    ({ apiVersion, kind }, i) =>
      `import type { I${kind} as T${i} } from 'kubernetes-models/${apiVersion}/${kind}'\n` +
      `export const v${i}: T${i} = ${JSON.stringify(values[i])}\n`,
  )
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  writeFileSync(join(folder, 'manifests.ts'), lines.join(''))
  const options = [
    '--noEmit',
    '--strict',
    '--skipLibCheck',
    '--module',
    'nodenext',
    '--target',
    'es2022',
    '--types',
    '',
  ]
  const tsc = join(PACKAGE_ROOT, 'node_modules/typescript/bin/tsc')
  return spawnSync(process.execPath, [tsc, ...options, 'manifests.ts'], { cwd: folder, encoding: 'utf8' }).stdout
}

describe('what refers to what', () => {
  test('selectors choose the pods that they mean', () => {
    for (const { kind, spec, metadata } of manifests) {
      const labels = spec?.template?.metadata.labels
      if (labels !== undefined) expect(selects(spec.selector?.matchLabels ?? expect.unreachable(), labels)).toBe(true)
      if (kind === 'Service') expect(podsOf(spec.selector ?? {}), metadata.name).toHaveLength(1)
      if (kind === 'PodDisruptionBudget')
        expect(podsOf(spec.selector?.matchLabels ?? {})).toEqual([deployment.spec.template])
    }
  })

  test('services lead to ports that the containers have', () => {
    for (const { spec, metadata } of of('Service'))
      for (const port of spec.ports ?? [])
        expect(portsOf(spec.selector ?? {}), metadata.name).toContain(port.targetPort)
    expect(of('Service', 'mini-chat-lines')[0]?.spec.ports).toEqual([
      { name: 'lines', port: 5000, targetPort: 'lines', nodePort: 30060 },
    ])
    for (const { spec, metadata } of of('StatefulSet')) expect(spec['serviceName']).toBe(metadata.name)
  })

  test('the ingress has TLS and leads to the web', () => {
    const [{ spec } = expect.unreachable()] = of('Ingress')
    const { rules, tls }: IngressSpec = JSON.parse(JSON.stringify(spec))
    expect(tls.flatMap(({ hosts }) => hosts)).toEqual(rules.map(({ host }) => host))
    for (const { backend } of rules.flatMap(({ http }) => http.paths))
      expect(of('Service', backend.service.name)[0]?.spec.ports?.map(({ name }) => name)).toContain(
        backend.service.port.name,
      )
    expect(chat.args).toContain(rules[0]?.host)
  })

  test('the autoscaler scales the deployment, from 1 to 10, by shares of what it requests', () => {
    const [{ spec } = expect.unreachable()] = of('HorizontalPodAutoscaler')
    expect(spec).toMatchObject({
      scaleTargetRef: { apiVersion: deployment.apiVersion, kind: deployment.kind, name: deployment.metadata.name },
      minReplicas: 1,
      maxReplicas: 10,
      metrics: [
        { resource: { name: 'cpu', target: { averageUtilization: 70 } } },
        { resource: { name: 'memory', target: { averageUtilization: 80 } } },
      ],
    })
    expect(Object.keys(chat.resources.requests)).toEqual(['cpu', 'memory'])
    expect(deployment.spec['replicas']).toBeUndefined()
  })

  test('every secret that is asked for is told in the example, and nothing else is there', () => {
    const asked = pods.flatMap(({ spec }) =>
      spec.containers.flatMap(({ env = [] }) => env.flatMap(({ valueFrom }) => valueFrom?.secretKeyRef ?? [])),
    )
    expect(new Set(asked.map(({ name }) => name))).toEqual(new Set([secret.metadata.name]))
    expect(new Set(asked.map(({ key }) => key))).toEqual(new Set(Object.keys(secret.stringData ?? {})))
    const told = readFileSync(join(FOLDER, 'kustomization.yaml'), 'utf8')
    for (const { key, optional } of asked) if (optional !== true) expect(told).toContain(`--from-literal=${key}=`)
  })

  test('the network lets through what the services and the ingress need, and names pods that are there', () => {
    for (const { spec, metadata } of of('NetworkPolicy')) {
      const policy: PolicySpec = JSON.parse(JSON.stringify(spec))
      const chosen = podsOf(policy.podSelector.matchLabels ?? {})
      expect(chosen.length, metadata.name).toBeGreaterThan(0)
      for (const { ports = [] } of policy.ingress ?? [])
        for (const { port } of ports) expect(portsOf(policy.podSelector.matchLabels ?? {})).toContain(port)
      for (const { to = [], ports = [] } of policy.egress ?? [])
        for (const { podSelector } of to)
          if (podSelector !== undefined)
            expect(
              podsOf(podSelector.matchLabels ?? {}).flatMap(
                ({ spec: { containers } }) => containers[0]?.ports[0]?.containerPort ?? [],
              ),
            ).toEqual(ports.map(({ port }) => port))
    }
  })

  test('every volume that is mounted is declared, and every image has a version', () => {
    for (const { spec, metadata } of manifests) {
      const claims: { metadata: { name: string } }[] = JSON.parse(JSON.stringify(spec?.['volumeClaimTemplates'] ?? []))
      const declared = [
        ...(spec?.template?.spec.volumes ?? []).map(({ name }) => name),
        ...claims.map((claim) => claim.metadata.name),
      ]
      for (const { volumeMounts = [], image } of spec?.template?.spec.containers ?? []) {
        expect(volumeMounts.map(({ name }) => name).toSorted(), metadata.name).toEqual(declared.toSorted())
        const put = images.find(({ name }) => name === image)
        expect(put === undefined ? image : `${put.newName}:${put.newTag}`).toMatch(/:\d/)
      }
    }
  })
})

describe('what the program is started with', () => {
  const env = Object.fromEntries(
    (chat.env ?? []).map(({ name, value }) => [name, value?.replaceAll(/\$\((\w+)\)/g, 'x') ?? 'x']),
  )
  const command = parseCommand(chat.args ?? [], env)
  const config = command.name === 'serve' ? command.config : expect.unreachable()

  test('its flags and variables are such as it has', () => {
    expect(config).toMatchObject({ port: 8000, tcp: 5000, trustProxy: 1, redis: 'redis://:x@redis:6379', log: 'json' })
    expect(chat.ports).toEqual([
      { name: 'http', containerPort: config.port },
      { name: 'lines', containerPort: config.tcp },
    ])
  })

  test('what is put into a variable stands before it', () => {
    const names = (chat.env ?? []).map(({ name }) => name)
    for (const [i, { value = '' }] of (chat.env ?? []).entries())
      for (const [, used = ''] of value.matchAll(/\$\((\w+)\)/g)) expect(names.slice(0, i)).toContain(used)
  })

  test('an instance that is told to stop has the time to do it in good order', () => {
    const goodbye = 5
    expect(deployment.spec.template?.spec.terminationGracePeriodSeconds).toBe(60)
    expect(config.drain + goodbye).toBeLessThan(60)
    // It serves on until two probes have failed, and the endpoints have learned of it.
    const { periodSeconds, failureThreshold } = parse(JSON.stringify(chat.readinessProbe))
    expect(config.drain).toBeGreaterThan(periodSeconds * failureThreshold)
    expect(deployment.spec['strategy']).toEqual({ rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } })
  })

  test('the probes ask for routes that there are', () => {
    const { paths } = parse(readFileSync(join(PACKAGE_ROOT, 'docs/openapi.yaml'), 'utf8'))
    const probes = [chat.startupProbe, chat.livenessProbe, chat.readinessProbe].map(({ httpGet }) => httpGet)
    expect(probes).toEqual(['/health', '/health', '/ready'].map((path) => ({ path, port: 'http' })))
    for (const probe of probes) expect(paths[probe?.path ?? '']).toHaveProperty('get')
  })
})

test.each(pods.map((pod) => [pod.metadata.labels['app'] ?? '', pod] as const))(
  '%s may do nothing that it need not',
  (_name, { spec }) => {
    expect(spec.automountServiceAccountToken).toBe(false)
    expect(spec.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } })
    for (const { securityContext, resources: bounds } of spec.containers) {
      expect(securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      })
      expect(Object.keys(bounds.limits)).toContain('memory')
    }
  },
)

function podsOf(labels: Readonly<Record<string, string>>): Pod[] {
  return pods.filter((pod) => selects(labels, pod.metadata.labels))
}

/** The names of the ports of the pods with these labels. */
function portsOf(labels: Readonly<Record<string, string>>): string[] {
  return podsOf(labels).flatMap(({ spec }) => spec.containers.flatMap(({ ports }) => ports.map(({ name }) => name)))
}

type IngressSpec = {
  readonly tls: readonly { readonly hosts: readonly string[] }[]
  readonly rules: readonly {
    readonly host: string
    readonly http: {
      readonly paths: readonly {
        readonly backend: { readonly service: { readonly name: string; readonly port: { readonly name: string } } }
      }[]
    }
  }[]
}

type Peer = { readonly podSelector?: { readonly matchLabels?: Readonly<Record<string, string>> } }
type Ports = readonly { readonly port: string | number }[]

type PolicySpec = {
  readonly podSelector: { readonly matchLabels?: Readonly<Record<string, string>> }
  readonly ingress?: readonly { readonly ports?: Ports }[]
  readonly egress?: readonly { readonly to?: readonly Peer[]; readonly ports?: Ports }[]
}
