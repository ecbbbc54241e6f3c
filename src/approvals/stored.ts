import { type Approval, approvalSchema, boundSchema } from '../model/approval.ts';
import { canonicalJson, sha256 } from '../model/canonical.ts';
import { Problem } from '../model/problem.ts';
import type { Revision, Store, StoredDocument, Write } from '../platform/store.ts';

/** An approval as it was read, with what is needed to change it only if nobody else did. */
export type StoredApproval = { approval: Approval; revision: Revision };

/** `approval_digests/{digest}` names the approval that stands for these bytes at the moment. */
export type Pointer = { approval: string; revision: Revision };

export const approvalsCollection = 'approvals';

export const approvalPath = (id: string) => `${approvalsCollection}/${id}`;
const pointerPath = (digest: string) => `approval_digests/${digest}`;

/** Ids are path segments: nothing else is looked up. */
const approvalId = /^apr_[0-9a-z]{1,64}$/;

/** Undefined where there is none. Throws when it cannot be read, or was changed by something other than the product. */
export async function readApproval(store: Store, id: string): Promise<StoredApproval | undefined> {
  if (!approvalId.test(id)) return undefined;
  const document = await reading(store.get(approvalPath(id)));
  return document && { approval: parseApproval(document), revision: document.revision };
}

/** The approval that stands for a digest now, with the pointer that says so. */
export async function readCurrent(store: Store, digest: string) {
  const document = await reading(store.get(pointerPath(digest)));
  if (document === undefined) return {};
  const id = document.data['approval'];
  if (typeof id !== 'string') throw corrupt(document.path, 'the pointer names no approval');
  const current = await readApproval(store, id);
  if (current === undefined) throw corrupt(document.path, 'the pointer names an approval that is not there');
  if (current.approval.digest !== digest)
    throw corrupt(document.path, 'the pointer names an approval of something else');
  return { current, pointer: { approval: id, revision: document.revision } };
}

/** Refuses a document that is not whole: the bytes, their hash and what is said of them must agree. */
export function parseApproval(document: StoredDocument): Approval {
  const parsed = approvalSchema.safeParse(document.data);
  if (!parsed.success) throw corrupt(document.path, 'it does not have the shape of an approval');
  const approval = parsed.data;
  if (document.path !== approvalPath(approval.id)) throw corrupt(document.path, 'it stands under another id');
  if (sha256(approval.bound) !== approval.digest) throw corrupt(document.path, 'its bytes do not have its digest');
  if (!agrees(approval)) throw corrupt(document.path, 'its fields do not agree with its bytes');
  return approval;
}

/** Makes a new approval, and the one that stands for its bytes, unless somebody else is faster. */
export function creation(approval: Approval, replaced: Pointer | undefined): Write[] {
  const path = pointerPath(approval.digest);
  const data = { approval: approval.id };
  return [
    { op: 'create', path: approvalPath(approval.id), data: { ...approval } },
    replaced === undefined ? { op: 'create', path, data } : { op: 'replace', path, data, revision: replaced.revision },
  ];
}

/** Changes an approval, only if nobody did since it was read. */
export function replacement(approval: Approval, revision: Revision): Write[] {
  return [{ op: 'replace', path: approvalPath(approval.id), data: { ...approval }, revision }];
}

/** Approvals stand in the same database as the outbox: when it is away, nothing can be recorded either. */
export async function reading<T>(read: Promise<T>): Promise<T> {
  try {
    return await read;
  } catch (cause) {
    throw new Problem('audit-unavailable', { reason: 'approvals-unreadable', cause });
  }
}

function agrees(approval: Approval) {
  const bound = boundSchema.safeParse(parsedJson(approval.bound));
  if (!bound.success) return false;
  const { requester, connection, kind, verb, policy_version, requirements } = approval;
  const said = {
    issuer: requester.issuer,
    subject: requester.subject,
    connection,
    kind,
    verb,
    policy_version,
    requirements,
  };
  const meant = {
    ...bound.data.identity,
    connection: bound.data.connection.name,
    kind: bound.data.kind,
    verb: bound.data.verb,
    policy_version: bound.data.policy_version,
    requirements: bound.data.requirements,
  };
  return canonicalJson(said) === canonicalJson(meant);
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function corrupt(path: string, reason: string) {
  return new Problem('internal', { reason: `approval-corrupt: ${reason} (${path})` });
}
