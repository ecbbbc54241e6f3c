import { z } from 'zod';
import type { Identity } from './identity.ts';

/** Somebody as the product keeps them: an identity without its claims. Groups without `group:`. */
export const personSchema = z.strictObject({
  issuer: z.string(),
  subject: z.string(),
  member: z.string(),
  email: z.string().optional(),
  groups: z.array(z.string()),
});
export type Person = z.output<typeof personSchema>;

/** An identity as it is kept: without its claims. */
export function personOf({ issuer, subject, member, email }: Identity, groups: readonly string[]): Person {
  return { issuer, subject, member, ...(email !== undefined && { email }), groups: [...groups] };
}

/** Two accounts with one address are one person. */
export function samePerson(a: Person, b: Person): boolean {
  if (a.issuer === b.issuer && a.subject === b.subject) return true;
  if (a.member === b.member) return true;
  const address = addressOf(a);
  return address !== undefined && address === addressOf(b);
}

/** Whether an IAM member of a document means this person, by name or as one of a group. */
export function isNamed(person: Person, member: string): boolean {
  return member.startsWith('group:') ? person.groups.includes(member.slice('group:'.length)) : member === person.member;
}

/** Wider than `isNamed`, as it only ever takes a right away: an address counts whoever vouches for it. */
export function goesBy(person: Person, member: string): boolean {
  if (isNamed(person, member)) return true;
  return member.startsWith('user:') && member.slice('user:'.length).toLowerCase() === addressOf(person);
}

function addressOf({ email, member }: Person) {
  const address = email ?? (member.startsWith('user:') ? member.slice('user:'.length) : undefined);
  return address?.toLowerCase();
}
