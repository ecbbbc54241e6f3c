import { describe, expect, test } from 'vitest';
import { served } from './served.ts';

const planted = 'pL4ntedSecret';
const base64 = Buffer.from(planted).toString('base64');

const pod = (spec: object) => ({ kind: 'Pod', spec });
const container = (parts: object) => pod({ containers: [{ name: 'c', ...parts }] });
const annotated = { annotations: { 'conf/password': planted } };
const copied = {
  annotations: {
    'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify({ kind: 'Secret', data: { a: base64 } }),
    'some.tool/state': JSON.stringify({ spec: { env: [{ name: 'TOKEN', value: planted }] } }),
    'some.tool/note': `token=${planted}`,
  },
};
const shell = (command: string) => container({ command: ['sh', '-c', command] });

const ofKubernetes: readonly (readonly [where: string, resource: string, object: object])[] = [
  ['an annotation of a template', 'deployments.apps', { spec: { template: { metadata: annotated } } }],
  [
    'an object where an annotation should be',
    'deployments.apps',
    { spec: { template: { metadata: { annotations: { a: { password: planted } } } } } },
  ],
  ['copies in annotations of a template', 'deployments.apps', { spec: { template: { metadata: copied } } }],
  ['annotations of a job of a schedule', 'cronjobs.batch', { spec: { jobTemplate: { metadata: annotated } } }],
  [
    'annotations of Pods of a schedule',
    'cronjobs.batch',
    { spec: { jobTemplate: { spec: { template: { metadata: copied } } } } },
  ],
  ['annotations of claims', 'statefulsets.apps', { spec: { volumeClaimTemplates: [{ metadata: annotated }] } }],
  ['annotations of a PodTemplate', 'podtemplates', { template: { metadata: copied } }],
  [
    'annotations of a revision',
    'controllerrevisions.apps',
    { data: { spec: { template: { metadata: { annotations: { 'x/state': JSON.stringify({ token: planted }) } } } } } },
  ],
  [
    'options of a mount',
    'persistentvolumes',
    { spec: { mountOptions: ['vers=3.0', `username=u,password=${planted}`] } },
  ],
  ['options of a class of storage', 'storageclasses.storage.k8s.io', { mountOptions: [`password=${planted}`] }],
  ['the address of a repository', 'pods', pod({ volumes: [{ gitRepo: { repository: `https://u:${planted}@h/r` } }] })],
  ['the path of a probe', 'pods', container({ livenessProbe: { httpGet: { path: `/ready?token=${planted}&x=1` } } })],
  ['an option of mysql', 'pods', shell(`mysql -uroot -p${planted} -e 'select 1'`)],
  ['an option of mysqldump by its path', 'pods', shell(`exec /usr/bin/mysqldump -h db -u root -p${planted} app > x`)],
  ['an option of a program of several words', 'pods', container({ command: ['mysqladmin', `-p${planted}`, 'ping'] })],
  ['an option of redis-cli', 'pods', container({ args: ['redis-cli', '-h', 'r', '-a', planted, 'ping'] })],
  ['an option of sshpass', 'pods', shell(`sshpass -p ${planted} ssh u@h`)],
  ['what curl logs in with', 'pods', shell(`curl -sS -u admin:${planted} http://h`)],
  [
    'what curl logs in with, in words',
    'pods',
    container({ command: ['curl', '--user', `admin:${planted}`, 'http://h'] }),
  ],
  ['what docker logs in with', 'pods', shell(`docker login -u u -p ${planted} r.io`)],
  ['what mongosh logs in with', 'pods', container({ command: ['mongosh', '-u', 'u', '-p', planted] })],
];

const ofOthers: readonly (readonly [where: string, object: object])[] = [
  ['a pair in any list', { spec: { parameters: [{ name: 'DB_PASSWORD', value: planted }] } }],
  ['a pair of a key', { spec: { set: [{ key: 'api_token', value: planted }] } }],
  ['an address with a login', { spec: { source: { repoURL: `https://u:${planted}@git/r` } } }],
  ['YAML in a text', { spec: { valuesContent: `a: b\ndb:\n  password: ${planted}\n` } }],
  ['JSON in a text', { spec: { config: JSON.stringify({ db: { password: planted } }) } }],
  ['annotations of a template', { spec: { anywhere: { metadata: copied } } }],
];

describe('a secret leaves unseen from no place of', () => {
  test.each(ofKubernetes)('%s', async (_where, resource, object) => {
    const seen = [
      await served(resource, { metadata: { name: 'one' }, ...object }),
      await served(resource, { items: [{ metadata: { name: 'one' }, ...object }] }, { verb: 'list' }),
      await served(resource, { type: 'ADDED', object }, { verb: 'watch' }),
    ].join();

    expect(seen).not.toContain(planted);
    expect(seen).not.toContain(base64);
    expect(seen).toContain('[CREDENTIAL]');
  });

  test.each(ofOthers)('an object of a group of somebody else: %s', async (_where, object) => {
    const seen = [
      await served('widgets.example.com', { metadata: { name: 'one' }, ...object }),
      await served('widgets.example.com', { items: [{ metadata: { name: 'one' }, ...object }] }, { verb: 'list' }),
      await served('widgets.example.com', { type: 'ADDED', object }, { verb: 'watch' }),
    ].join();

    expect(seen).not.toContain(planted);
    expect(seen).not.toContain(base64);
  });
});

/** Files that people keep in ConfigMaps. */
const files: readonly (readonly [form: string, text: string])[] = [
  ['an element of XML', `<db><password>${planted}</password></db>`],
  ['an attribute of XML', `<property name="password" value="${planted}"/>`],
  ['three quotes of TOML', `[db]\npassword = """${planted}"""\n`],
  ['a call of PHP', `define("DB_PASSWORD", "${planted}");`],
  ['a call of Java', `p.setProperty('db.password', '${planted}');`],
  ['a header of nginx', `proxy_set_header X-Api-Key "${planted}";`],
  ['a header of nginx that is a scheme', `  proxy_set_header Authorization "Basic ${planted}";`],
  ['the configuration of Redis', `port 6379\nrequirepass ${planted}\nmasterauth "${planted}"\n`],
  ['a script', `#!/bin/sh\nmysqldump -u root -p${planted} db > x\n`],
];

test.each(files)('a secret leaves from no ConfigMap that holds %s', async (_form, text) => {
  const seen = await served('configmaps', { kind: 'ConfigMap', metadata: { name: 'one' }, data: { file: text } });

  expect(seen).not.toContain(planted);
});

test('what only looks like configuration of secrets leaves as it is', async () => {
  const file = [
    '<user>ann</user> (1 < 2)',
    'define("COLOUR", "blue");',
    'proxy_set_header Authorization $http_authorization;',
    'docker run -p 80:80 nginx; curl -sS http://h/x; mysql -h db -e "select 1"',
    'redis-cli ping; mysql -p$PASSWORD; sshpass -p "$PASS" ssh u@h',
  ].join('\n');
  const object = { kind: 'ConfigMap', metadata: { name: 'one' }, data: { file } };

  expect(JSON.parse(await served('configmaps', object))).toEqual(object);
});

test.each([
  `patch: Invalid value: "map[spec:map[containers:[map[env:[map[name:PASSWORD value:${planted}]]]]]]": unrecognized type: int32`,
  `patch: Invalid value: "{\\"kind\\":\\"Pod\\",\\"x\\":\\"${planted}\\"}": unrecognized type: int32`,
])('what a server could not make an object of is not told with what it held', async (message) => {
  const seen = await served('deployments.apps', { kind: 'Status', status: 'Failure', message, code: 422 });

  expect(seen).not.toContain(planted);
  expect(seen).toContain('unrecognized type: int32');
});
