import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { blocksAreRight, judge } from './blocks.ts';
import { commandsWork, optionsExist } from './commands.ts';
import { eventsExist, tablesExist } from './evidence.ts';
import type { Check } from './fault.ts';
import { readDocument } from './markdown.ts';
import { namesAreKnown, namesOf, statusesAreRight } from './names.ts';
import { linksLead, pathsExist } from './places.ts';
import { optionsOf, sallyport } from './programs.ts';
import { readRepository } from './repository.ts';
import { routesExist, routesOf } from './routes.ts';
import { readModule, terraformExists } from './terraform.ts';
import { variablesExist, variablesOf, variablesOfTests } from './variables.ts';

const repository = readRepository();
const documents = [...repository.files]
  .filter((path) => path.endsWith('.md'))
  .map((path) => readDocument(path, repository.read(path)));
const names = namesOf(repository);
const module = readModule(repository);
const cli = await sallyport(repository);
const environment = variablesOf(repository, module);

const checks: Record<string, Check> = {
  'every link leads to a file and a heading that are there': linksLead(repository),
  'every path in backticks is there': pathsExist(repository, names),
  'every variable exists': variablesExist(environment, repository),
  'every command exists and takes the options it is given': commandsWork(repository, cli),
  'every option is one that something takes': optionsExist(optionsOf(repository, cli)),
  'every call is one that a role answers to': routesExist(routesOf(repository)),
  'every table, view and function of the datasets exists': tablesExist,
  'every type of event that a query asks for exists': eventsExist,
  'every resource and input of Terraform exists': terraformExists(module),
  'every name of a program stands in the sources': namesAreKnown(names, environment),
  'every problem is told with its own status': statusesAreRight,
  'every block in a language that we read fits the product’s own schema': blocksAreRight,
};

test.each(Object.entries(checks))('in the documentation %s', (_name, check) => {
  expect(documents.flatMap(check)).toEqual([]);
});

test('the documents are all there are, and their blocks are recognised as what they are', () => {
  const found = documents.flatMap(({ blocks }) => blocks.flatMap(judge).map(({ kind }) => kind));

  expect(documents.map(({ path }) => path)).toEqual(
    expect.arrayContaining(['README.md', 'docs/http.md', 'terraform/README.md', 'bench/RESULTS.md']),
  );
  expect([...new Set(found)]).toEqual(
    expect.arrayContaining([
      'input of connections',
      'input of policies',
      'connection',
      'policy',
      'classification',
      'issuers',
      'simulation',
      'program',
      'settings of ssh',
    ]),
  );
});

test('every variable of tests and benchmarks stands in the table of configuration', () => {
  const table = repository.read('docs/configuration.md');
  const untold = variablesOfTests(repository).filter((name) => !table.includes(`\`${name}`));

  expect(untold).toEqual([]);
});

const hcl = documents
  .flatMap(({ blocks }) => blocks.filter(({ lang }) => lang === 'hcl').map(({ code }) => code))
  .join('\n');
const formatted = spawnSync('terraform', ['fmt', '-no-color', '-'], { input: hcl, encoding: 'utf8' });

test.skipIf(formatted.error !== undefined)('every block of HCL is one to Terraform', () => {
  expect(formatted.status, formatted.stderr).toBe(0);
});

const fence = (lang: string, code: string) => `\`\`\`${lang}\n${code}\n\`\`\``;

/** What a document may get wrong: its text, and what is said of it. */
const planted: [text: string, fault: string][] = [
  ['[a page](nowhere.md)', 'the link leads to docs/nowhere.md, which is not there'],
  ['[a part](http.md#no-such-part)', 'docs/http.md has no heading #no-such-part'],
  ['[here](#nowhere)', 'docs/planted.md has no heading #nowhere'],
  ['See `src/gateways.ts`.', 'there is no src/gateways.ts'],
  ['See `test/attack`.', 'there is no test/attack'],
  ['Set `SALLYPORT_RETENSION`.', 'there is no variable SALLYPORT_RETENSION'],
  ['Set `PUBSUB_EMULATOR_HOST`.', 'there is no variable PUBSUB_EMULATOR_HOST'],
  [fence('sh', 'export SALLYPORT_CONSOL=x'), 'there is no variable SALLYPORT_CONSOL'],
  [fence('sh', 'curl "$NOBODY_SET_IT/x"'), 'there is no variable NOBODY_SET_IT'],
  ['Run `npm run demos`.', 'package.json has no npm run demos'],
  ['Run `npm start gateways`.', 'npm start knows no gateways'],
  ['Run `npm run demo -- --twice`.', 'demo/demo.ts has no option --twice'],
  [fence('sh', 'npx no-such-program'), 'there is no npx no-such-program'],
  [fence('sh', 'npx vitest run test/nowhere/x.test.ts'), 'there is no test/nowhere/x.test.ts'],
  [fence('sh', 'salyport verify'), 'salyport is no program that a reader is known to have'],
  [fence('sh', 'sallyport verify "bundle'), 'a shell cannot read this: unterminated double quote'],
  ['Run `sallyport polices plan`.', 'there is no command sallyport polices'],
  ['Run `sallyport policy plans`.', 'there is no command sallyport policy plans'],
  ['Run `sallyport verify --offline`.', 'sallyport verify has no option --offline'],
  [
    fence('sh', 'npm run sallyport -- evidence export --form 2026-01-01'),
    'sallyport evidence export has no option --form',
  ],
  [fence('sh', 'sallyport evidence export --from 2026-01-01 --out b'), 'sallyport evidence export needs --to'],
  [fence('sh', 'sallyport policy plan demo/polices'), 'there is no demo/polices'],
  [fence('sh', 'sallyport classify'), 'sallyport classify needs a name'],
  [fence('sh', 'sallyport classify crm billing'), 'sallyport classify takes no billing'],
  ['With `--offlines`.', 'nothing takes the option --offlines'],
  ['Ask `GET /v1/connection/{name}`.', 'nobody answers to GET /v1/connection/{name}'],
  ['Ask `DELETE /v1/operations/{id}`.', 'nobody answers to DELETE /v1/operations/{id}'],
  [fence('sh', 'curl http://127.0.0.1:8081/api/evidences/approvals'), 'nobody answers to /api/evidences/approvals'],
  [fence('sh', 'curl https://sallyport-gateway-$NUMBER.$REGION.run.app/readiness'), 'nobody answers to /readiness'],
  ['`POST /tasks/sweeps` at the keeper.', 'nobody answers to POST /tasks/sweeps'],
  ['The view `sallyport_evidence.event`.', 'there is no sallyport_evidence.event'],
  [fence('sql', 'SELECT * FROM sallyport_audit.operations'), 'there is no sallyport_audit.operations'],
  [fence('sql', "SELECT 1 FROM sallyport_evidence.events WHERE type = 'finished'"), 'no event has the type finished'],
  ['Ask `entitlements(at)`.', 'entitlements takes (as_of)'],
  ['It is `google_cloud_run_service.gateway`.', 'Terraform makes no google_cloud_run_service.gateway'],
  [fence('hcl', 'module "sallyport" {\n  source = "x"\n  projectid = "p"\n}'), 'the module takes no projectid'],
  [
    fence('hcl', 'module "sallyport" {\n  gateway = { min_instance = 1 }\n}'),
    'the input gateway takes no min_instance',
  ],
  [fence('hcl', 'groups = { a = { member = ["user:a@example.com"] } }'), 'this input of groups is refused: a: members'],
  [
    fence(
      'hcl',
      'connections = {\n  crm = { # a database\n    kind = "postgres"\n    settings = { hosts = "db" }\n    credential = { secret = "projects/p/secrets/s" }\n  }\n}',
    ),
    'this input of connections is refused: crm: ',
  ],
  ['It is answered `approval-awaited`.', 'nothing in the product is called approval-awaited'],
  ['The column `approver_was_requester`.', 'nothing in the product is called approver_was_requester'],
  ['It is answered 403 (`approval-pending`).', 'approval-pending is 429, not 403'],
  [
    fence('yaml', 'principals: ["group:a"]\nconnections: [crm]\nverbs: [reed]\neffect: allow'),
    'this policy is refused: verbs.0',
  ],
  [
    fence(
      'yaml',
      'principals: ["group:a"]\nconnections: [crm]\nverbs: [read]\ncondition: agnt.model == "x"\neffect: allow',
    ),
    'this policy is refused: condition',
  ],
  [
    fence(
      'yaml',
      'kind: http\nsettings: { origin: "https://a.example", retries: 3 }\ncredential: { secret: projects/p/secrets/s }',
    ),
    'this connection is refused: ',
  ],
  [fence('yaml', 'public.users: { email: email_address }'), 'this classification is refused: public.users.email'],
  [fence('yaml', 'members: ["analyst@example.com"]'), 'this group is refused: members.0'],
  [fence('yaml', 'a: 1\na: 2'), 'this unreadable is refused: '],
  [fence('json', '[{"preset": "gogle", "audience": "x"}]'), 'this issuers is refused: 0.preset'],
  [fence('json', '{"whatever": 1}'), 'this unknown is refused: no document of the product'],
  [fence('ts', 'const a = ;'), 'this program is refused: '],
  [fence('cobol', 'STOP RUN.'), 'this unknown is refused: nobody here reads cobol'],
];

test.each(planted.map(([text, fault]) => ({ text, fault })))('what is planted is found: $fault', ({ text, fault }) => {
  const document = readDocument('docs/planted.md', `# Planted\n\n${text}\n`);

  const found = Object.values(checks).flatMap((check) => check(document));

  expect(
    found.some((one) => one.startsWith('docs/planted.md:') && one.includes(fault)),
    found.join('\n'),
  ).toBe(true);
});
