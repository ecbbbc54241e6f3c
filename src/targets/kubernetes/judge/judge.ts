import { isDeepStrictEqual } from 'node:util';
import type { Risk } from '../../../model/documents.ts';
import { at, type Json, objectAt } from '../json.ts';
import type { RequestInfo } from '../request-info.ts';
import { nameOf } from '../rules/built-in.ts';
import { type Finding, privilege, when } from './finding.ts';
import { judgeDeletion, judgeKind } from './kinds.ts';
import { judgeAnnotations, judgeMetadata } from './metadata.ts';
import { judgePods, podSpecsIn } from './pods.ts';
import { settled } from './settled.ts';

/** `before` is absent where there is nothing yet, or nothing known of it; `after` is absent where it is deleted. */
export type Change = {
  info: Pick<RequestInfo, 'group' | 'resource' | 'name' | 'namespace'>;
  before?: Json;
  after?: Json;
};

/** Namespaces that the cluster itself lives in. */
const ofTheCluster = new Set(['kube-system', 'kube-public', 'kube-node-lease']);

/**
 * What a change means, by the object that comes of it. What stood there before and is not touched is not held against it, but a Pod's
 * specification is judged whole once anything in it changes: another image in a Pod that holds a Secret is another reader of it.
 */
export function judge({ info, before, after }: Change): Finding[] {
  const resource = nameOf(info.resource, info.group);
  const inCluster = when(
    ofTheCluster.has(info.namespace),
    privilege(`it is in ${info.namespace}, part of the cluster itself`),
  );
  if (after === undefined) return [...inCluster, ...(judgeDeletion[resource]?.(info.name) ?? [])];
  return [
    ...inCluster,
    ...(isDeepStrictEqual(podSpecsIn(before), podSpecsIn(after)) ? [] : judgePods(after)),
    ...(isSameBut(before, after) ? [] : (judgeKind[resource]?.(after) ?? [])),
    ...judgeMetadata(before, after, resource),
    ...judgeTemplates(before, after),
  ];
}

/** Each risk once. */
export function risksOf(findings: readonly Finding[]): readonly Risk[] {
  return [...new Set(findings.map(({ risk }) => risk))].sort();
}

/** Whether nothing of the object but its metadata's labels changes. */
function isSameBut(before: Json, after: Json): boolean {
  if (before === undefined) return false;
  const [was, is] = [before, after].map((object) => {
    const { metadata, ...rest } = objectAt(settled(object));
    return [rest, objectAt(metadata, 'annotations')];
  });
  return isDeepStrictEqual(was, is);
}

/** Templates of Pods carry annotations of their own. */
function judgeTemplates(before: Json, after: Json): Finding[] {
  return [
    ['spec', 'template'],
    ['spec', 'jobTemplate', 'spec', 'template'],
  ].flatMap((names) => judgeAnnotations(at(before, ...names), at(after, ...names)));
}
