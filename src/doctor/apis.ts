import { z } from 'zod';
import { fault, type Group } from './check.ts';

/** What every deployment uses; Terraform enables the same (terraform/main.tf), and a test compares the two. */
export const apis = [
  'artifactregistry',
  'bigquery',
  'bigquerydatatransfer',
  'cloudkms',
  'cloudresourcemanager',
  'cloudscheduler',
  'firebaserules',
  'firestore',
  'iam',
  'iamcredentials',
  'iap',
  'logging',
  'monitoring',
  'run',
  'secretmanager',
  'storage',
  'sts',
] as const;

const servicesSchema = z.object({
  services: z.array(z.object({ name: z.string() })).default([]),
  nextPageToken: z.string().optional(),
});

export const apiChecks: Group = {
  name: 'apis',
  title: 'APIs',
  checks: [
    {
      id: 'apis.enabled',
      promise: 'Every API that the deployment uses is enabled.',
      rights: ['serviceusage.services.list'],
      async run({ google, project }) {
        const pages = await google.list({
          api: 'serviceusage',
          path: `/v1/projects/${project}/services`,
          query: { filter: 'state:ENABLED', pageSize: '200' },
          answer: servicesSchema,
          permission: 'serviceusage.services.list',
          of: `Which APIs are enabled in ${project}`,
        });
        const enabled = pages.flatMap(({ services }) =>
          services.map(({ name }) => name.slice(name.lastIndexOf('/') + 1)),
        );
        const missing = apis.map((api) => `${api}.googleapis.com`).filter((api) => !enabled.includes(api));
        return missing.map((api) =>
          fault(`${api} is not enabled.`, `gcloud services enable ${api} --project=${project}`),
        );
      },
    },
  ],
};
