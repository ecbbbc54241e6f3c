import type { Connection } from '../model/connection.ts';
import type { PolicySet } from '../model/documents.ts';
import type { AgentContext, Identity } from '../model/identity.ts';
import type { Operation } from '../model/operation.ts';

/** Who asks, where, under which documents, when. */
export type Standing = {
  identity: Identity;
  /** Without `group:`, as `groupsOf` gives them. */
  groups: readonly string[];
  agent: AgentContext;
  connection: Connection;
  policySet: PolicySet;
  now: Date;
};

/** What a condition is asked of; without an operation where only what is possible is asked. */
export type Question = Standing & { operation?: Operation };
