import { describe, expect, test } from 'vitest';
import { createCloudRun, type Standing } from '../../release/cloud-run.ts';
import { type Move, type ReleaseDeps, recover, rollOut } from '../../release/flow.ts';
import type { Gcloud } from '../../release/gcloud.ts';
import { aCloud, type CloudState, digests, gcloudOn, imageOf, REGION, tagsOf, trafficOf } from './cloud.ts';

const names = ['sallyport-keeper', 'sallyport-console', 'sallyport-gateway'];
const standing = (cloud: CloudState) => names.map((name) => trafficOf(cloud, name));
const marks = (cloud: CloudState) => names.flatMap((name) => Object.keys(tagsOf(cloud, name)));
const old = names.map((name) => ({ [`${name}-00001-old`]: 100 }));
const rolled = names.map((name) => ({ [`${name}-00002-new`]: 100 }));

/** A gcloud whose every command is answered by one function. */
const speaking = (answer: (words: string[]) => unknown): Gcloud => ({
  ask: async (...words) => answer(words),
  tell: async (...words) => void (await answer(words)),
});

type Hooks = Partial<Pick<ReleaseDeps, 'smoke' | 'watch' | 'signal' | 'steps'>> & { before?: (line: string) => void };

function release(cloud: CloudState, { before = () => {}, ...hooks }: Hooks = {}) {
  const said: string[] = [];
  const deps: ReleaseDeps = {
    cloudRun: createCloudRun(
      speaking((words) => {
        before(words.join(' '));
        return gcloudOn(cloud, words);
      }),
      REGION,
    ),
    name: 'sallyport',
    smoke: async () => {},
    watch: async () => {},
    steps: [10, 50, 100],
    signal: new AbortController().signal,
    say: (line) => void said.push(line),
    ...hooks,
  };
  return { deps, said, run: () => rollOut(deps, imageOf(digests.new)) };
}

describe('a release that nothing stops', () => {
  test('ends with all three services on the new digest, and leaves no mark', async () => {
    const cloud = aCloud();

    await release(cloud).run();

    expect(standing(cloud)).toEqual(rolled);
    expect(marks(cloud)).toEqual([]);
    expect(rolled.map((traffic) => cloud.revisions[Object.keys(traffic)[0] ?? '']?.digest)).toEqual([
      digests.new,
      digests.new,
      digests.new,
    ]);
  });

  test('gives no traffic to anything before the smoke test has passed', async () => {
    const cloud = aCloud();
    let then: unknown;
    let tried: Standing | undefined;

    await release(cloud, {
      smoke: async (gateway) => {
        then = structuredClone(standing(cloud));
        tried = gateway;
      },
    }).run();

    expect(then).toEqual(old);
    expect(tried?.tags['candidate']).toEqual({
      revision: 'sallyport-gateway-00002-new',
      url: 'https://candidate---sallyport-gateway-x.a.run.app',
    });
  });

  test('moves the keeper and the console before the gateway, and the gateway step by step, watched at each', async () => {
    const cloud = aCloud();
    const seen: unknown[] = [];

    await release(cloud, { watch: async () => void seen.push(standing(cloud)) }).run();

    const gateway = { old: 'sallyport-gateway-00001-old', new: 'sallyport-gateway-00002-new' };
    const rest = rolled.slice(0, 2);
    expect(seen).toEqual([
      [...rest, { [gateway.old]: 100 }],
      [...rest, { [gateway.new]: 10, [gateway.old]: 90 }],
      [...rest, { [gateway.new]: 50, [gateway.old]: 50 }],
      [...rest, { [gateway.new]: 100 }],
    ]);
  });

  test('never names a revision itself, as Terraform would then ask for another of the same name', async () => {
    const cloud = aCloud();

    await release(cloud).run();

    const made = cloud.done.filter((line) => line.startsWith('run services update '));
    expect(made).toHaveLength(3);
    expect(made.join()).not.toMatch(/--tag|--revision-suffix/);
    for (const line of made) expect(line).toContain('--no-traffic');
  });

  test('pins what serves by its name before it makes a revision, so that none serves untried', async () => {
    const cloud = aCloud();

    await release(cloud).run();

    for (const name of names) {
      const [first, second] = cloud.done.filter((line) => line.includes(` ${name} `));
      expect(first).toContain(`--to-revisions=${name}-00001-old=100`);
      expect(second).toContain(`run services update ${name} `);
    }
  });

  test('changes nothing when it is run again', async () => {
    const cloud = aCloud();
    await release(cloud).run();
    const done = cloud.done.length;

    const again = release(cloud);
    await again.run();

    expect(cloud.done).toHaveLength(done);
    expect(again.said).toEqual([`All three serve ${digests.new} already.`]);
  });

  test('lets what Terraform changes serve at once afterwards, as before', async () => {
    const cloud = aCloud();

    await release(cloud).run();

    expect(names.map((name) => cloud.services[name]?.traffic)).toEqual(
      names.map(() => [{ revision: 'LATEST', percent: 100 }]),
    );
  });

  test('gives no traffic to a revision that somebody else made meanwhile', async () => {
    const cloud = aCloud();
    const other = 'sallyport-console-00003-other';
    const watch = async () => {
      cloud.revisions[other] = { image: imageOf(digests.old), digest: digests.old, ready: true };
      Object.assign(cloud.services['sallyport-console'] ?? {}, { newest: other });
    };

    await release(cloud, { watch }).run();

    expect(standing(cloud)).toEqual(rolled);
  });
});

describe('what goes wrong puts back exactly what served before', () => {
  const fails = async () => {
    throw new Error('broken');
  };
  const failsAt = (cloud: CloudState, percent: number) => async (moves: readonly Move[]) => {
    const gateway = moves.find(({ role }) => role === 'gateway');
    if (trafficOf(cloud, 'sallyport-gateway')[gateway?.candidate ?? ''] === percent) throw new Error('too many errors');
  };

  test('a failed smoke test: no traffic was moved at any time', async () => {
    const cloud = aCloud();
    const moved: string[] = [];

    const run = release(cloud, { smoke: fails, before: (line) => moved.push(line) }).run();

    await expect(run).rejects.toThrow('broken');
    expect(standing(cloud)).toEqual(old);
    expect(marks(cloud)).toEqual([]);
    expect(moved.filter((line) => /--to-revisions=\S*-new/.test(line))).toEqual([]);
  });

  test.each([10, 50, 100])('errors while the gateway has %i %%', async (percent) => {
    const cloud = aCloud();

    const run = release(cloud, { watch: failsAt(cloud, percent) }).run();

    await expect(run).rejects.toThrow('too many errors');
    expect(standing(cloud)).toEqual(old);
    expect(marks(cloud)).toEqual([]);
  });

  test('a service is put back before those that it depends on', async () => {
    const cloud = aCloud();

    await expect(release(cloud, { watch: failsAt(cloud, 50) }).run()).rejects.toThrow();

    const back = cloud.done.slice(-3).map((line) => line.split(' ')[3]);
    expect(back).toEqual(['sallyport-gateway', 'sallyport-console', 'sallyport-keeper']);
  });

  test.each(['before', 'after'] as const)('whatever command fails, wherever, %s it took effect', async (when) => {
    const count = aCloud();
    const lines: string[] = [];
    await release(count, { before: (line) => lines.push(line) }).run();

    for (const [at, line] of lines.entries()) {
      const cloud = aCloud();
      let next = -1;
      const gcloud = speaking((words) => {
        next += 1;
        if (next === at && when === 'after') gcloudOn(cloud, words);
        if (next === at) throw new Error(`no answer to ${line}`);
        return gcloudOn(cloud, words);
      });

      const run = rollOut({ ...release(cloud).deps, cloudRun: createCloudRun(gcloud, REGION) }, imageOf(digests.new));
      await expect(run, `${at}: ${line}`).rejects.toThrow('no answer');

      expect(standing(cloud), `${at}: ${line}`).toEqual(old);
      expect(marks(cloud), `${at}: ${line}`).toEqual([]);
    }
    expect(lines.length).toBeGreaterThan(30);
  });

  test('a service that was not reached yet is not touched', async () => {
    const cloud = aCloud();
    const before = (line: string) => {
      if (line.includes('services update sallyport-keeper')) throw new Error('no quota');
    };

    await expect(release(cloud, { before }).run()).rejects.toThrow('no quota');

    expect(cloud.done.filter((line) => !line.includes('sallyport-keeper'))).toEqual([]);
  });

  test('a revision that runs another digest than was pushed', async () => {
    const cloud = aCloud();
    const watch = () => Promise.resolve();
    const { deps } = release(cloud, { watch });
    const revision = deps.cloudRun.revision;
    const gcloud = speaking((words) => {
      const answer = gcloudOn(cloud, words);
      const made = cloud.revisions['sallyport-console-00002-new'];
      if (made !== undefined) made.image = imageOf(digests.old);
      return answer;
    });

    const run = rollOut({ ...deps, cloudRun: createCloudRun(gcloud, REGION) }, imageOf(digests.new));

    await expect(run).rejects.toThrow('sallyport-console-00002-new does not run');
    expect(standing(cloud)).toEqual(old);
    expect(await revision('sallyport-console-00002-new')).toEqual({ ready: true, digest: undefined });
  });

  test('a revision that does not get ready', async () => {
    const cloud = aCloud();
    const gcloud = speaking((words) => {
      const answer = gcloudOn(cloud, words);
      const made = cloud.revisions['sallyport-gateway-00002-new'];
      if (made !== undefined) made.ready = false;
      return answer;
    });

    const run = rollOut({ ...release(cloud).deps, cloudRun: createCloudRun(gcloud, REGION) }, imageOf(digests.new));

    await expect(run).rejects.toThrow('sallyport-gateway-00002-new is not ready');
    expect(standing(cloud)).toEqual(old);
  });

  test('traffic that somebody else moves meanwhile', async () => {
    const cloud = aCloud();
    const watch = async () => {
      const gateway = cloud.services['sallyport-gateway'];
      const first = gateway?.traffic[0];
      if (gateway !== undefined && first?.percent === 10)
        Object.assign(first, { revision: first.revision, percent: 30 });
    };

    await expect(release(cloud, { watch }).run()).rejects.toThrow('Somebody else moved the traffic');

    expect(standing(cloud)).toEqual(old);
  });

  test('a signal in the middle of it', async () => {
    const cloud = aCloud();
    const stop = new AbortController();
    const watch = async () => stop.abort(new Error('SIGTERM came.'));

    await expect(release(cloud, { watch, signal: stop.signal }).run()).rejects.toThrow('SIGTERM came.');

    expect(standing(cloud)).toEqual(old);
    expect(marks(cloud)).toEqual([]);
  });

  test('one service that cannot be put back keeps no other from it, and is named with what to do', async () => {
    const cloud = aCloud();
    let failed = false;
    const watch = async (moves: readonly Move[]) => {
      await failsAt(
        cloud,
        50,
      )(moves).catch((error) => {
        failed = true;
        throw error;
      });
    };
    const before = (line: string) => {
      if (failed && line.includes('update-traffic sallyport-console')) throw new Error('no answer');
    };

    const run = release(cloud, { watch, before }).run();

    await expect(run).rejects.toThrow(
      'gcloud run services update-traffic sallyport-console --to-revisions=sallyport-console-00001-old=100',
    );
    expect(standing(cloud)).toEqual([old[0], rolled[1], old[2]]);
  });
});

describe('a release that was killed', () => {
  /** Dies before its nth command, so that nothing is put back. */
  async function killed(at: number) {
    const cloud = aCloud();
    let next = 0;
    let die = () => {};
    const dead = new Promise<void>((resolve) => {
      die = resolve;
    });
    const { deps } = release(cloud);
    const gcloud = speaking((words) => {
      next += 1;
      if (next <= at) return gcloudOn(cloud, words);
      die();
      return new Promise(() => {});
    });
    const run = rollOut({ ...deps, cloudRun: createCloudRun(gcloud, REGION) }, imageOf(digests.new));
    await Promise.race([dead, run]);
    return cloud;
  }

  test('is put back before the next one begins, which then rolls out as ever, wherever it was killed', async () => {
    for (let at = 7; at < 45; at += 1) {
      const cloud = await killed(at);

      await release(cloud).run();

      const digest = standing(cloud).map((traffic) => cloud.revisions[Object.keys(traffic)[0] ?? '']?.digest);
      expect(digest, `killed at ${at}`).toEqual([digests.new, digests.new, digests.new]);
      expect(standing(cloud).map((traffic) => Object.values(traffic))).toEqual([[100], [100], [100]]);
      expect(marks(cloud), `killed at ${at}`).toEqual([]);
    }
  });

  test('can be put back by hand: a gateway is never left newer than the keeper', async () => {
    const left = new Set<string>();
    for (let at = 7; at < 45; at += 1) {
      const cloud = await killed(at);

      await recover(release(cloud).deps);

      const isNew = standing(cloud).map((traffic) => Object.keys(traffic).every((name) => name.endsWith('-new')));
      expect(isNew.indexOf(false) === -1 || isNew.lastIndexOf(true) < isNew.indexOf(false), `killed at ${at}`).toBe(
        true,
      );
      expect(marks(cloud), `killed at ${at}`).toEqual([]);
      left.add(isNew.join());
    }
    expect(left).toContain('false,false,false');
  });

  test('leaves nothing to put back once it has ended', async () => {
    const cloud = aCloud();
    await release(cloud).run();

    expect(await recover(release(cloud).deps)).toBe(false);
  });
});

describe('a release refuses to begin', () => {
  test('where traffic is split, as it is not clear what to go back to', async () => {
    const cloud = aCloud();
    cloud.revisions['sallyport-gateway-00000-older'] = {
      image: imageOf(digests.old),
      digest: digests.old,
      ready: true,
    };
    Object.assign(cloud.services['sallyport-gateway'] ?? {}, {
      traffic: [
        { revision: 'sallyport-gateway-00000-older', percent: 20 },
        { revision: 'sallyport-gateway-00001-old', percent: 80 },
      ],
    });

    await expect(release(cloud).run()).rejects.toThrow('give all of it to one revision first');

    expect(cloud.done).toEqual([]);
  });

  test('with an image that is named by its tag', async () => {
    const cloud = aCloud();

    const run = rollOut(release(cloud).deps, 'europe-west1-docker.pkg.dev/acme/sallyport/sallyport:v1.2.3');

    await expect(run).rejects.toThrow('not named by digest');
    expect(cloud.done).toEqual([]);
  });
});
