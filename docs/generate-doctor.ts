import { groups, rights } from '../src/doctor/doctor.ts';

/** The parts of doctor.md that are made from the checks themselves, by their marks. */
export const ofDoctor: Readonly<Record<string, readonly string[]>> = {
  rights: [
    '```sh',
    'gcloud iam roles create sallyport_doctor --project=acme-sallyport --title="Sallyport doctor" --stage=GA \\',
    `  --permissions=${rights.join(',')}`,
    'gcloud projects add-iam-policy-binding acme-sallyport --condition=None \\',
    '  --member=group:operators@example.com --role=projects/acme-sallyport/roles/sallyport_doctor',
    '```',
  ],
  checks: [
    '| check | what holds where it finds nothing | what looking takes |',
    '| --- | --- | --- |',
    ...groups.flatMap(({ checks }) =>
      checks.map(
        ({ id, promise, rights: taken, local }) =>
          `| \`${id}\`${local ? ' (_local_)' : ''} | ${promise} | ${taken.map((right) => `\`${right}\``).join(' ') || '–'} |`,
      ),
    ),
  ],
};
