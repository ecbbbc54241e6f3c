/** Cloud Run as gcloud shows it, as far as releases go: services, revisions, traffic, tags, jobs, builds. Anything else is refused. */

export type CloudState = {
  services: Record<string, { open: boolean; newest: string; traffic: Target[] }>;
  revisions: Record<string, { image: string; digest: string; ready: boolean }>;
  jobs: Record<string, Record<string, string>>;
  builds: { id: string; startTime?: string; substitutions: Record<string, string> }[];
  /** Every command that changed something. */
  done: string[];
};
type Target = { revision: string | 'LATEST'; percent: number; tag?: string };

export const digests = { old: `sha256:${'0'.repeat(64)}`, new: `sha256:${'1'.repeat(64)}` } as const;
export const imageOf = (digest: string) => `europe-west1-docker.pkg.dev/acme/sallyport/sallyport@${digest}`;
export const REGION = 'europe-west1';

const services = ['sallyport-keeper', 'sallyport-console', 'sallyport-gateway'];

/** As Terraform made it: all traffic to the newest revision, of the old image. */
export function aCloud(): CloudState {
  return {
    services: Object.fromEntries(
      services.map((name) => [
        name,
        { open: true, newest: `${name}-00001-old`, traffic: [{ revision: 'LATEST', percent: 100 }] },
      ]),
    ),
    revisions: Object.fromEntries(
      services.map((name) => [`${name}-00001-old`, { image: imageOf(digests.old), digest: digests.old, ready: true }]),
    ),
    jobs: { 'sallyport-smoke': {} },
    builds: [{ id: 'b1', startTime: '2026-01-01T10:00:00.123456Z', substitutions: { _NAME: 'sallyport' } }],
    done: [],
  };
}

/** What a service serves: percent by revision. */
export function trafficOf({ services }: CloudState, name: string): Record<string, number> {
  const service = known(services[name], name);
  return Object.fromEntries(
    service.traffic
      .filter(({ percent }) => percent > 0)
      .map(({ revision, percent }) => [revision === 'LATEST' ? service.newest : revision, percent]),
  );
}

export const tagsOf = ({ services }: CloudState, name: string) =>
  Object.fromEntries(
    known(services[name], name).traffic.flatMap(({ tag, revision }) => (tag === undefined ? [] : [[tag, revision]])),
  );

/** Answers a gcloud command line, and changes the state as it would. */
export function gcloudOn(state: CloudState, words: readonly string[]): unknown {
  const names = words.filter((word) => !word.startsWith('--'));
  const flags = Object.fromEntries(
    words.filter((word) => word.startsWith('--')).map((word) => word.slice(2).split(/=(.*)/s, 2) as [string, string?]),
  );
  const [group, kind, verb, name = ''] = names;
  const command = names[0] === 'builds' ? 'builds list' : [group, kind, verb].join(' ');
  const allowed = known(answers[command], command);
  const strange = Object.keys(flags).filter(
    (flag) => ![...allowed.flags, 'region', 'project', 'format', 'quiet'].includes(flag),
  );
  if (strange.length > 0) throw new Error(`${command} has no ${strange}`);
  if (flags['region'] !== REGION) throw new Error(`${command} in no region`);
  if (allowed.changes) state.done.push(words.filter((word) => !word.includes('smoke.ts')).join(' '));
  return allowed.run(state, name, flags);
}

type Flags = Record<string, string | undefined>;
type Answer = { flags: string[]; changes?: boolean; run(state: CloudState, name: string, flags: Flags): unknown };

const answers: Record<string, Answer> = {
  'run services describe': {
    flags: [],
    run(state, name) {
      const service = known(state.services[name], name);
      return {
        metadata: { annotations: { 'run.googleapis.com/invoker-iam-disabled': String(service.open) } },
        status: {
          url: `https://${name}-x.a.run.app`,
          latestCreatedRevisionName: service.newest,
          traffic: service.traffic.map(({ revision, percent, tag }) => ({
            revisionName: revision === 'LATEST' ? service.newest : revision,
            ...(percent > 0 && { percent }),
            ...(tag !== undefined && { tag, url: `https://${tag}---${name}-x.a.run.app` }),
          })),
        },
      };
    },
  },
  'run revisions describe': {
    flags: [],
    run(state, name) {
      const { image, digest, ready } = known(state.revisions[name], name);
      return {
        spec: { containers: [{ image, env: [{ name: 'SALLYPORT_IMAGE_DIGEST', value: digest }] }] },
        status: { conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
      };
    },
  },
  'run services update': {
    flags: ['no-traffic', 'image', 'update-env-vars'],
    changes: true,
    run(state, name, flags) {
      const service = known(state.services[name], name);
      const at = Object.keys(state.revisions).filter((revision) => revision.startsWith(name)).length + 1;
      const revision = `${name}-${String(at).padStart(5, '0')}-new`;
      const [, digest = ''] = known(flags['update-env-vars'], '--update-env-vars').split('=');
      state.revisions[revision] = { image: known(flags['image'], '--image'), digest, ready: true };
      if (!('no-traffic' in flags)) service.traffic = [{ revision, percent: 100 }];
      for (const target of service.traffic) if (target.revision === 'LATEST') target.revision = service.newest;
      service.newest = revision;
    },
  },
  'run services update-traffic': {
    flags: ['to-revisions', 'to-latest', 'update-tags', 'remove-tags'],
    changes: true,
    run(state, name, flags) {
      const service = known(state.services[name], name);
      const gone = (flags['remove-tags'] ?? '').split(',');
      const tagged = pairs(flags['update-tags']);
      const kept = service.traffic
        .map(({ tag, ...target }) =>
          tag === undefined || gone.includes(tag) || tag in tagged ? target : { tag, ...target },
        )
        .filter(({ percent, ...rest }) => percent > 0 || 'tag' in rest);
      const tags = Object.entries(tagged).map(([tag, revision]) => ({ revision, percent: 0, tag }));
      const to = 'to-latest' in flags ? { LATEST: '100' } : pairs(flags['to-revisions']);
      const all = [...kept, ...tags];
      for (const revision of [...Object.keys(to), ...Object.values(tagged)])
        if (revision !== 'LATEST') known(state.revisions[revision], revision);
      if (Object.keys(to).length === 0) {
        service.traffic = all;
        return;
      }
      if (Object.values(to).reduce((sum, percent) => sum + Number(percent), 0) !== 100) throw new Error('not 100 %');
      service.traffic = [
        ...Object.entries(to).map(([revision, percent]) => ({ revision, percent: Number(percent) })),
        ...all.filter((target) => 'tag' in target).map((target) => ({ ...target, percent: 0 })),
      ];
    },
  },
  'run jobs update': {
    flags: ['image', 'command', 'args', 'update-env-vars'],
    changes: true,
    run(state, name, { image = '', command = '', args = '', 'update-env-vars': variables = '' }) {
      state.jobs[name] = { ...known(state.jobs[name], name), image, command, args, variables };
    },
  },
  'run jobs execute': { flags: ['wait'], changes: true, run: (state, name) => void known(state.jobs[name], name) },
  'builds list': { flags: ['ongoing', 'filter', 'limit'], run: ({ builds }) => builds },
};

function pairs(list: string | undefined): Record<string, string> {
  return Object.fromEntries(
    (list ?? '')
      .split(',')
      .filter(Boolean)
      .map((pair) => pair.split('=', 2) as [string, string]),
  );
}

function known<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new Error(`ERROR: (gcloud) ${name} is not known.`);
  return value;
}
