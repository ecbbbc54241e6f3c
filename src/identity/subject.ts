import type { AgentClaims, Identity } from '../model/identity.ts';
import { type Issuer, isSpiffe } from './issuers.ts';
import { refusal } from './refusal.ts';
import type { JsonObject } from './strict-json.ts';
import { vouchedEmail } from './vouched-email.ts';

/** Who a token's subject is to policies. */
type Subject = Pick<Identity, 'subject' | 'member' | 'memberships' | 'groups' | 'kind' | 'email' | 'agent'>;

/** OpenID Connect Core 1.0, section 2: at most 255 ASCII characters. */
const subjectText = /^[\x20-\x7e]{1,255}$/;
const visible = /^[^\p{C}]{1,256}$/u;
const attributeValue = /^[\x21-\x7e]{1,255}$/;
const maxGroups = 1000;

/**
 * Members are written as in IAM. With a vouched address: `serviceAccount:…` or `user:…`. Else
 * `principal://<pool>/subject/<sub>`, as in workload identity federation; for GKE `principal://<pool>/subject/ns/<namespace>/sa/<name>`;
 * for SPIFFE and Agent Identity `principal://<trust domain>/<path>`. Memberships: `principalSet://<pool>/*`,
 * `…/group/<group>`, `…/attribute.<name>/<value>`, for GKE `…/namespace/<namespace>`, and for Agent Identity
 * `principalSet://<trust domain>/attribute.platformContainer/<platform>/projects/<number>`.
 */
export function describeSubject(claims: JsonObject, issuer: Issuer): Subject {
  const { sub } = claims;
  if (typeof sub !== 'string' || !subjectText.test(sub) || sub.trim() === '') throw refusal('subject');
  const { member, sets } = memberOf(sub, issuer);
  const email = vouchedEmail(claims, issuer);
  const groups = groupsOf(claims, issuer);
  const agent = agentOf(claims);
  return {
    subject: sub,
    member: email === undefined ? member : `${email.isServiceAccount ? 'serviceAccount' : 'user'}:${email.address}`,
    memberships: [...sets, ...groupSets(groups, issuer), ...attributeSets(claims, issuer)],
    groups,
    kind: kindOf(claims, issuer, email?.isServiceAccount),
    ...(email !== undefined && { email: email.address }),
    ...(agent !== undefined && { agent }),
  };
}

function memberOf(sub: string, issuer: Issuer): { member: string; sets: string[] } {
  if (isSpiffe(issuer)) return spiffeMember(sub, issuer);
  const all = `principalSet://${issuer.pool}/*`;
  if (issuer.preset !== 'gke') return { member: `principal://${issuer.pool}/subject/${sub}`, sets: [all] };
  const [, namespace, account] = /^system:serviceaccount:([a-z0-9-]{1,63}):([a-z0-9.-]{1,253})$/.exec(sub) ?? [];
  if (namespace === undefined || account === undefined) throw refusal('subject');
  return {
    member: `principal://${issuer.pool}/subject/ns/${namespace}/sa/${account}`,
    sets: [all, `principalSet://${issuer.pool}/namespace/${namespace}`],
  };
}

/** SPIFFE ID, sections 2.1 to 2.3: no empty, `.` or `..` segments, and nothing is percent-encoded. */
function spiffeMember(sub: string, { pool }: Issuer) {
  const [, domain, path = ''] = /^spiffe:\/\/([a-z0-9._-]{1,255})((?:\/[\w.-]+)+)$/.exec(sub) ?? [];
  if (domain === undefined || path.split('/').some((part) => part === '.' || part === '..')) throw refusal('subject');
  if (domain !== pool) throw refusal('trust-domain');
  const [, container] = /^\/resources\/([\w.-]+\/projects\/\d+)\//.exec(path) ?? [];
  const sets = [`principalSet://${domain}/*`];
  if (container !== undefined) sets.push(`principalSet://${domain}/attribute.platformContainer/${container}`);
  return { member: `principal://${domain}${path}`, sets };
}

function groupsOf(claims: JsonObject, issuer: Issuer): string[] {
  const named = issuer.groups === undefined ? undefined : claims[issuer.groups];
  if (named === undefined) return [];
  if (!Array.isArray(named) || named.length > maxGroups || !named.every(isVisible)) throw refusal('claims');
  return named;
}

function groupSets(groups: readonly string[], { pool }: Issuer): string[] {
  return groups.filter((group) => attributeValue.test(group)).map((group) => `principalSet://${pool}/group/${group}`);
}

function attributeSets(claims: JsonObject, { pool, attributes }: Issuer): string[] {
  return Object.entries(attributes).flatMap(([name, claim]) => {
    const value = claims[claim];
    const isPlain = typeof value === 'string' && attributeValue.test(value);
    return isPlain ? [`principalSet://${pool}/attribute.${name}/${value}`] : [];
  });
}

/** Only humans decide approvals, so a service account is never one, and who cannot be told is an agent. */
function kindOf(claims: JsonObject, { subjectKind }: Issuer, isServiceAccount: boolean | undefined): Identity['kind'] {
  if (subjectKind === 'email') return isServiceAccount === false ? 'human' : 'agent';
  const kind = typeof subjectKind === 'object' ? claims[subjectKind.claim] : subjectKind;
  if (kind === 'agent' || (kind === 'human' && isServiceAccount !== true)) return kind;
  throw refusal('kind');
}

/** The issuer's own word for the agent (OpenTelemetry GenAI names), as the token is signed. */
function agentOf(claims: JsonObject): AgentClaims | undefined {
  const named = {
    name: claims['gen_ai.agent.name'],
    version: claims['gen_ai.agent.version'],
    model: claims['gen_ai.request.model'],
    conversation: claims['gen_ai.conversation.id'],
  };
  const said = Object.entries(named).filter(([, value]) => isVisible(value));
  return said.length === 0 ? undefined : Object.fromEntries(said);
}

function isVisible(value: unknown): value is string {
  return typeof value === 'string' && visible.test(value);
}
