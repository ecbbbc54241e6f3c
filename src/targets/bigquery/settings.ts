import { z } from 'zod';
import { networkSchema } from '../../proxy/proxy.ts';
import { datasetPattern, projectId } from './names.ts';

const scales: Readonly<Record<string, number>> = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  TiB: 1024 ** 4,
};

/** `10GiB`, `2TB` or a number of bytes. */
const size = z.union([
  z.int().positive(),
  z
    .string()
    .regex(/^\d{1,6}([KMGT]i?)?B$/, 'a size such as 500MiB, 10GiB or 2TB')
    .transform((text) => {
      const [, count = '', unit = ''] = /^(\d+)(\w+)$/.exec(text) ?? [];
      return Number(count) * (scales[unit] ?? Number.NaN);
    }),
]);

const className = z.string().regex(/^[A-Z][A-Z0-9_]{0,79}$/, 'a class in capitals, such as EMAIL_ADDRESS');

/** `projects/p/locations/l/taxonomies/1/policyTags/2` */
const policyTag = z.string().regex(/^projects\/[^/]+\/locations\/[^/]+\/taxonomies\/\d+\/policyTags\/\d+$/);

const googles = 'https://bigquery.googleapis.com';
const loopback = /^http:\/\/(127\.\d+\.\d+\.\d+|localhost|\[::1\]):\d{1,5}$/;

export const settingsSchema = z.strictObject({
  /** Where jobs run and are billed; names without a project are of this one. */
  project: projectId,
  /** Of its datasets, as `EU` or `europe-west1`. */
  location: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9-]{1,40}$/)
    .optional(),
  /** All that may be touched at all, whatever policy says: `sales`, `other-project.sales`, `team_*`. All of the project where unset. */
  datasets: z.array(datasetPattern).min(1).optional(),
  /** BigQuery itself; an emulator on the machine's own loopback address, where the deployment allows that. */
  endpoint: z
    .union([z.literal(googles), z.string().regex(loopback, 'BigQuery itself, or http://127.0.0.1:<port>')])
    .default(googles)
    .transform((text) => new URL(text)),
  /** A job that would be billed for more does not run. */
  maximum_bytes_billed: size.optional(),
  /** From here on a statement has the risk `cost`. */
  cost_above: size.optional(),
  /** Full name of a policy tag → class. Any other policy tag is `CONFIDENTIAL`. */
  policy_tags: z.record(policyTag, className).default({}),
  /** Private ranges (CIDR) that BigQuery's name may lead to, as with Private Service Connect. */
  networks: z.array(networkSchema).default([]),
});
export type Settings = z.output<typeof settingsSchema>;
