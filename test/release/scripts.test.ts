import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const release = fileURLToPath(new URL('../../release', import.meta.url));
const IMAGE = 'europe-west1-docker.pkg.dev/acme/sallyport/sallyport';
const DIGEST = `sha256:${'1'.repeat(64)}`;
const environment = {
  IMAGE,
  TAG_NAME: 'v1.2.3',
  COMMIT_SHA: 'c0ffee',
  PROJECT_ID: 'acme',
  SBOM_BUCKET: 'acme-sallyport-sbom',
  KEY: 'projects/acme/locations/europe-west1/keyRings/sallyport/cryptoKeys/images/cryptoKeyVersions/1',
  ATTESTOR: 'projects/acme/attestors/sallyport-release',
};

/** A docker that notes what it is told. `HAS` names the tags of its registry, each with the commit of its image: `tag=commit`. */
const docker = `
echo "docker $*" >>"$LOG"
last="\${*: -1}"; tag="\${last##*:}"
case "$1 $*" in
  pull*) [[ " $HAS" == *" $tag="* ]] || { echo "$PULL_SAYS" >&2; exit 1; } ;;
  *Labels*) commit="\${HAS#*"$tag="}"; echo "\${commit%% *}" ;;
  push*) touch pushed ;;
  *RepoDigests*) if [ -e pushed ] || [[ " $HAS" == *" $tag="* ]]; then printf '%s\\n' $REPO_DIGESTS; fi ;;
  create*) echo c1 ;;
  cp*) [ -z "$NO_SBOM" ] || exit 1; echo '{"bomFormat":"CycloneDX"}' >"$3" ;;
esac`;
const gcloud = `echo "gcloud $*" >>"$LOG"`;

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sallyport-release-'));
  await mkdir(join(dir, 'bin'));
  for (const [name, text] of Object.entries({ docker, gcloud })) {
    await writeFile(join(dir, 'bin', name), `#!/usr/bin/env bash\n${text}\n`);
    await chmod(join(dir, 'bin', name), 0o755);
  }
});
afterEach(() => rm(dir, { recursive: true, force: true }));

type Ended = { code: number; stderr: string; log: string[] };

function run(script: string, more: Record<string, string> = {}): Promise<Ended> {
  const log = join(dir, 'log');
  const env = {
    PATH: `${dir}/bin:${process.env['PATH']}`,
    LOG: log,
    HAS: '',
    PULL_SAYS: `manifest for ${IMAGE}:v1.2.3 not found: manifest unknown`,
    REPO_DIGESTS: `${IMAGE}@${DIGEST}`,
    NO_SBOM: '',
    ...environment,
    ...more,
  };
  return new Promise((resolve) => {
    execFile('bash', [join(release, script)], { cwd: dir, env }, async (error, _stdout, stderr) => {
      const lines = (await readFile(log, 'utf8').catch(() => '')).split('\n').filter(Boolean);
      resolve({ code: typeof error?.code === 'number' ? error.code : Number(error !== null), stderr, log: lines });
    });
  });
}

const said = ({ log }: Ended, command: string) => log.filter((line) => line.startsWith(command));

describe('building', () => {
  test('makes the image of the commit, which names its version and commit, and gives it the name of its version', async () => {
    const ended = await run('build.sh');

    expect(ended.code).toBe(0);
    expect(said(ended, 'docker build')).toEqual([
      `docker build --tag ${IMAGE}:c0ffee --build-arg VERSION=v1.2.3 --build-arg REVISION=c0ffee .`,
    ]);
    expect(ended.log.at(-1)).toBe(`docker tag ${IMAGE}:c0ffee ${IMAGE}:v1.2.3`);
  });

  test.each(['c0ffee=c0ffee', 'c0ffee=c0ffee v1.2.3=c0ffee'])(
    'takes what an earlier run of the same commit has pushed: %s',
    async (HAS) => {
      const ended = await run('build.sh', { HAS });

      expect(ended.code).toBe(0);
      expect(said(ended, 'docker build')).toEqual([]);
      expect(ended.log.at(-1)).toBe(`docker tag ${IMAGE}:c0ffee ${IMAGE}:v1.2.3`);
    },
  );

  test('refuses a tag that was released from another commit', async () => {
    const ended = await run('build.sh', { HAS: 'v1.2.3=other c0ffee=c0ffee' });

    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain('make a new one');
    expect(said(ended, 'docker tag')).toEqual([]);
  });

  test('stops where it cannot be known whether the tag is there', async () => {
    const ended = await run('build.sh', { PULL_SAYS: 'denied: Permission denied' });

    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain('Permission denied');
    expect(said(ended, 'docker build')).toEqual([]);
  });
});

describe('pushing', () => {
  beforeEach(() => mkdir(join(dir, '.release')));

  test('writes down the digest that the registry gave, and the bill of materials out of that very image', async () => {
    const ended = await run('push.sh', { REPO_DIGESTS: `elsewhere/x@sha256:${'2'.repeat(64)} ${IMAGE}@${DIGEST}` });

    expect(ended.code).toBe(0);
    expect(said(ended, 'docker push')).toEqual([`docker push --quiet ${IMAGE}:c0ffee`]);
    expect(await readFile(join(dir, '.release/image'), 'utf8')).toBe(`${IMAGE}@${DIGEST}\n`);
    expect(await readFile(join(dir, '.release/sbom.cdx.json'), 'utf8')).toContain('CycloneDX');
    expect(said(ended, 'docker create')).toEqual([`docker create ${IMAGE}@${DIGEST}`]);
    expect(said(ended, 'docker rm')).toEqual(['docker rm c1']);
  });

  test('pushes nothing that the registry has already', async () => {
    const ended = await run('push.sh', { HAS: 'c0ffee=c0ffee' });

    expect(ended.code).toBe(0);
    expect(said(ended, 'docker push')).toEqual([]);
    expect(await readFile(join(dir, '.release/image'), 'utf8')).toBe(`${IMAGE}@${DIGEST}\n`);
  });

  test.each(['', `elsewhere/x@${DIGEST}`, `${IMAGE}@${DIGEST} ${IMAGE}@sha256:${'2'.repeat(64)}`])(
    'stops where the digest is not certain: "%s"',
    async (REPO_DIGESTS) => {
      const ended = await run('push.sh', { REPO_DIGESTS });

      expect(ended.code).toBe(1);
      expect(ended.stderr).toContain('no one digest');
      await expect(readFile(join(dir, '.release/image'))).rejects.toThrow();
    },
  );

  test('stops where the image has no bill of materials', async () => {
    const ended = await run('push.sh', { NO_SBOM: 'yes' });

    expect(ended.code).not.toBe(0);
    expect(said(ended, 'docker rm')).toEqual(['docker rm c1']);
  });
});

test.each([
  ['build.sh', 'TAG_NAME'],
  ['push.sh', 'IMAGE'],
  ['sbom.sh', 'KEY'],
  ['attest.sh', 'ATTESTOR'],
])('%s does nothing where %s is empty, as a trigger leaves what it was not told', async (script, name) => {
  const ended = await run(script, { [name]: '' });

  expect(ended.code).not.toBe(0);
  expect(ended.stderr).toContain(name);
  expect(ended.log).toEqual([]);
});

describe('describing and attesting', () => {
  beforeEach(async () => {
    await mkdir(join(dir, '.release'));
    await writeFile(join(dir, '.release/image'), `${IMAGE}@${DIGEST}\n`);
  });

  test('the bill of materials is put beside the digest, signed', async () => {
    const ended = await run('sbom.sh');

    expect(ended.log).toEqual([
      `gcloud artifacts sbom load --source=.release/sbom.cdx.json --uri=${IMAGE}@${DIGEST} --destination=gs://acme-sallyport-sbom --kms-key-version=${environment.KEY} --project=acme --quiet`,
    ]);
  });

  test('the digest is attested with the key of images, and the attestation is verified at once', async () => {
    const ended = await run('attest.sh');

    expect(ended.log).toEqual([
      `gcloud beta container binauthz attestations sign-and-create --artifact-url=${IMAGE}@${DIGEST} --attestor=${environment.ATTESTOR} --validate --keyversion=${environment.KEY} --project=acme --quiet`,
    ]);
  });

  test.each(['sbom.sh', 'attest.sh'])('%s does nothing where no digest was written down', async (script) => {
    await rm(join(dir, '.release/image'));

    const ended = await run(script);

    expect(ended.code).not.toBe(0);
    expect(ended.log).toEqual([]);
  });
});
