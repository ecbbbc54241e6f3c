import { z } from 'zod';

/** What a plan says of the module's resources: only what is known before anything is made. */

const resourceSchema = z.object({
  address: z.string().transform((address) => address.replace('module.sallyport.', '')),
  type: z.string(),
  name: z.string(),
  index: z.union([z.string(), z.number()]).optional(),
  values: z.record(z.string(), z.unknown()),
});
export type Resource = z.output<typeof resourceSchema>;

export const planSchema = z
  .object({
    planned_values: z.object({
      root_module: z.object({ child_modules: z.array(z.object({ resources: z.array(resourceSchema) })) }),
    }),
  })
  .transform(({ planned_values }) => planned_values.root_module.child_modules.flatMap(({ resources }) => resources));
/** All resources of the module. */
export type Plan = readonly Resource[];

/** What stands at `template.0.image`, say; undefined where it is not known or not there. */
export function at({ values }: Pick<Resource, 'values'>, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => {
    if (typeof value !== 'object' || value === null) return undefined;
    return (value as Record<string, unknown>)[key];
  }, values);
}

export const text = (resource: Pick<Resource, 'values'>, path: string) => {
  const value = at(resource, path);
  return typeof value === 'string' ? value : '';
};

export const list = (resource: Pick<Resource, 'values'>, path: string): readonly unknown[] => {
  const value = at(resource, path);
  return Array.isArray(value) ? value : [];
};

export const texts = (resource: Pick<Resource, 'values'>, path: string) =>
  list(resource, path).filter((item) => typeof item === 'string');

export const of = (plan: Plan, ...types: readonly string[]) =>
  plan.filter(({ type }) => types.includes(type.replace(/^google_/, '')));

/** Something that a plan must hold, told as what is promised by it. */
export type Rule = {
  says: string;
  /** Which resources break it, or what is missing. */
  broken: (plan: Plan) => string[];
  /** A plan that breaks it, made of one that does not. */
  planted: (plan: Plan) => Plan;
};

/** All resources of some types hold it. */
export const every =
  (types: readonly string[], holds: (resource: Resource, plan: Plan) => boolean): Rule['broken'] =>
  (plan) =>
    of(plan, ...types)
      .filter((resource) => !holds(resource, plan))
      .map(({ address }) => address);

/** What is told by name is there. */
export const there =
  (...wanted: readonly [name: string, isThere: (plan: Plan) => boolean][]): Rule['broken'] =>
  (plan) =>
    wanted.filter(([, isThere]) => !isThere(plan)).map(([name]) => name);

/** The same plan with another value at one place of a resource, found by the beginning of its address. */
export const set =
  (address: string, path: string, value: unknown): Rule['planted'] =>
  (plan) => {
    const found = plan.find((resource) => resource.address.startsWith(`google_${address}`));
    if (found === undefined) throw new Error(`There is no ${address}.`);
    const values = structuredClone(found.values);
    const keys = path.split('.');
    const last = keys.pop() ?? '';
    const parent = keys.length === 0 ? values : at({ values }, keys.join('.'));
    (parent as Record<string, unknown>)[last] = value;
    return plan.map((resource) => (resource === found ? { ...resource, values } : resource));
  };

export const drop =
  (address: string): Rule['planted'] =>
  (plan) => {
    const left = plan.filter((resource) => !resource.address.startsWith(`google_${address}`));
    if (left.length === plan.length) throw new Error(`There is no ${address}.`);
    return left;
  };

export const add =
  (type: string, values: Record<string, unknown>): Rule['planted'] =>
  (plan) => [...plan, { address: `google_${type}.planted`, type: `google_${type}`, name: 'planted', values }];
