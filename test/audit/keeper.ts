import { generateKeyPairSync, type KeyLike, sign, verify } from 'node:crypto';
import { type Checkpoints, type CheckpointsDeps, createCheckpoints } from '../../src/audit/audit.ts';
import { sha256 } from '../../src/model/canonical.ts';
import {
  type ChainHead,
  type Checkpoint,
  type CheckpointBody,
  chainHeadSchema,
  checkpointBodySchema,
  checkpointSchema,
  noCheckpoint,
  rootOf,
} from '../../src/model/checkpoint.ts';
import type { Trail } from './trail.ts';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

export const signer = {
  keyVersion: 'projects/p/cryptoKeyVersions/1',
  sign: async (text: string) => sign('sha256', Buffer.from(text), privateKey).toString('base64'),
};

export const verifies = async (text: string, signature: string) =>
  verify('sha256', Buffer.from(text), publicKey, Buffer.from(signature, 'base64'));

/** A keeper's checkpoints over the trail's store and table. */
export function aKeeper(trail: Trail, deps: Partial<CheckpointsDeps> = {}): Checkpoints {
  return createCheckpoints({
    store: trail.store,
    clock: trail.clock,
    log: trail.log,
    append: trail.table.append,
    signer,
    keeper: 'ins_keeper',
    ...deps,
  });
}

export type Read = Checkpoint & { said: CheckpointBody; chains: ChainHead[] };

/** What BigQuery got, each once, by number. */
export function checkpointsOf(trail: Trail): Read[] {
  const rows = trail.table.of('checkpoints');
  return readAll([...new Map(rows.map(({ insertId, json }) => [insertId, json])).values()]);
}

/** Rows of the table, by number. */
export const readAll = (rows: readonly object[]): Read[] =>
  rows
    .map((row) => checkpointSchema.parse(row))
    .sort((one, other) => one.number - other.number)
    .map((checkpoint) => ({
      ...checkpoint,
      said: checkpointBodySchema.parse(JSON.parse(checkpoint.body)),
      chains: chainHeadSchema.array().parse(JSON.parse(checkpoint.heads)),
    }));

/** What is wrong with a line of checkpoints. Empty when nothing is. */
export function flawsOf(checkpoints: readonly Read[], key: KeyLike = publicKey): string[] {
  const reached = new Map<string, ChainHead>();
  let previous = noCheckpoint;
  let time = '';
  return checkpoints.flatMap(({ number, body, hash, signature, said, chains }, index) => {
    const names = new Set(chains.map(({ chain }) => chain));
    const flaws = [
      said.number !== index && `${number} stands in place ${index}`,
      said.previous !== previous && `${number} does not follow`,
      sha256(body) !== hash && `${number} was changed`,
      !verify('sha256', Buffer.from(body), key, Buffer.from(signature, 'base64')) && `${number} is not signed`,
      said.root !== rootOf(chains) && `${number} has other heads`,
      said.time <= time && `${number} is not later`,
      ...[...reached.values()]
        .filter((head) => !head.closed && !names.has(head.chain))
        .map(({ chain }) => `${number} lacks ${chain}`),
      ...chains.map(({ chain, seq }) => {
        const before = reached.get(chain);
        return before !== undefined && (before.closed || seq < before.seq) && `${number} moves ${chain} back`;
      }),
    ];
    for (const head of chains) reached.set(head.chain, head);
    previous = hash;
    time = said.time;
    return flaws.filter((flaw) => flaw !== false);
  });
}
