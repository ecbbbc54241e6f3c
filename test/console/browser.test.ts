import { existsSync } from 'node:fs';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { type Browser, type BrowserContextOptions, chromium } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { aConsole } from './fixture.ts';
import { anOperation, crm, readers } from './policy-parts.ts';

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
if (executablePath === undefined)
  console.warn(
    '\n*** SKIPPED: there is no Chromium on this machine, so the pages of the console were not tried in a browser. ***\n',
  );

const quietly =
  '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync';

describe.skipIf(executablePath === undefined)('in a real browser', { timeout: 60_000 }, () => {
  let browser: Browser;
  const closers: (() => unknown)[] = [];

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: executablePath ?? '', args: quietly.split(' ') });
  });
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });
  afterAll(() => browser.close());

  async function open(options: BrowserContextOptions) {
    const context = await browser.newContext({ viewport: { width: 1000, height: 800 }, ...options });
    context.setDefaultTimeout(30_000);
    closers.push(() => context.close());
    return context.newPage();
  }

  /** A console on a port of its own, as its pages check where a form comes from. */
  async function served() {
    let fetch: (request: Request) => Response | Promise<Response> = () => new Response();
    const origin = await listen((request) => fetch(request));
    const fixture = aConsole({ origin });
    fetch = (request) => fixture.app.fetch(request);
    return { ...fixture, origin };
  }

  function listen(fetch: (request: Request) => Response | Promise<Response>) {
    return new Promise<string>((resolve) => {
      const server = serve({ fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) =>
        resolve(`http://127.0.0.1:${port}`),
      );
      closers.push(() => server.close());
    });
  }

  test('without JavaScript and by keyboard alone a human signs in, reads, gives a reason and approves', async () => {
    const { origin, ask, approvals } = await served();
    const { id, digest } = await ask();
    const page = await open({ javaScriptEnabled: false });

    await page.goto(`${origin}/approvals/${id}`);
    await page.locator('#token:focus').waitFor();
    await page.keyboard.type('dba');
    await page.keyboard.press('Enter');
    await page.waitForURL(`${origin}/approvals/${id}`);
    const shown = await page.locator('main').textContent();
    await page.getByLabel('Reason').focus();
    await page.keyboard.type('ticket 4711');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByText('approved it').waitFor();

    expect(shown).toContain('ALTER TABLE public.users DROP COLUMN phone');
    expect(shown).toContain(digest);
    expect((await approvals.get(id))?.decisions).toMatchObject([{ decision: 'approve', reason: 'ticket 4711' }]);
    expect(await page.getByRole('button', { name: 'Approve' }).count()).toBe(0);
  });

  test('denying needs a reason, and shows what became of it', async () => {
    const { origin, ask, approvals } = await served();
    const { id } = await ask();
    const page = await open({ javaScriptEnabled: false, extraHTTPHeaders: { Authorization: 'Bearer dba' } });
    await page.goto(`${origin}/approvals`);

    await page.getByText('define on crm').click();
    await page.getByRole('button', { name: 'Deny' }).click();
    const before = (await approvals.get(id))?.state;
    await page.getByLabel('Reason').fill('not in working hours');
    await page.getByRole('button', { name: 'Deny' }).click();
    await page.getByText('denied it').waitFor();

    expect(before).toBe('pending');
    expect((await approvals.get(id))?.state).toBe('denied');
    expect(await page.locator('main').textContent()).toContain('It will not run.');
  });

  test('a statement that would turn itself round is shown in the order in which it is run', async () => {
    const { origin, ask } = await served();
    const { id } = await ask({
      operation: { statement: 'SELECT 1; \u202e-- elbat pord\u202c\nDROP\u200bTABLE раypal' },
    });
    const page = await open({ extraHTTPHeaders: { Authorization: 'Bearer dba' } });

    await page.goto(`${origin}/approvals/${id}`);
    const lines = await page.locator('.lines').first().locator('li').allInnerTexts();

    expect(lines[0]).toMatch(/^SELECT 1; U\+202E right-to-left override-- elbat pordU\+202C end of embedding/);
    expect(lines[1]).toBe('DROPU+200B zero-width spaceTABLE раypalmixes Latin and Cyrillic letters');
    const direction = await page
      .locator('.lines code')
      .first()
      .evaluate((code) => getComputedStyle(code).unicodeBidi);
    expect(direction).toBe('bidi-override');
  });

  test('what an agent writes runs nothing, even in a browser with JavaScript', async () => {
    const { origin, ask } = await served();
    const payload =
      '<img src=x onerror="document.title=1"><script>document.title=1</script><svg onload="document.title=1">';
    const { id } = await ask({ operation: { statement: payload, parameters: [payload] }, call: { reason: payload } });
    const page = await open({ extraHTTPHeaders: { Authorization: 'Bearer dba' } });

    await page.goto(`${origin}/approvals/${id}`);

    expect(await page.title()).toBe('Approval · Sallyport');
    expect(await page.locator('main img, main script, main svg').count()).toBe(0);
    expect(await page.locator('.lines').first().textContent()).toBe(payload);
  });

  test.each([
    ['of another name', 'localhost', 401],
    ['on another port', '127.0.0.1', 403],
  ])(
    'a site %s can neither decide for a human who is signed in nor put the page in a frame',
    async (_, host, status) => {
      const { origin, ask, approvals } = await served();
      const { id, digest } = await ask();
      const evil = new Hono();
      evil.get('/', (context) =>
        context.html(`<iframe src="${origin}/approvals/${id}"></iframe>
<form method="post" action="${origin}/approvals/${id}/decision"><input name="csrf" value="x"><input name="digest" value="${digest}">
<input name="decision" value="approve"><input name="reason" value="x"><button>Win</button></form>`),
      );
      const evilOrigin = (await listen((request) => evil.fetch(request))).replace('127.0.0.1', host);
      const page = await open({});
      await page.goto(`${origin}/sign-in`);
      await page.getByLabel('ID token').fill('dba');
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByText('Waiting for a decision').waitFor();

      await page.goto(evilOrigin);
      const framed = await page.frameLocator('iframe').locator('main').count();
      const answer = page.waitForResponse((response) => response.url().endsWith('/decision'));
      await page.getByRole('button', { name: 'Win' }).click();

      expect(framed).toBe(0);
      expect((await answer).status()).toBe(status);
      expect((await approvals.get(id))?.state).toBe('pending');
    },
  );

  /** An author's draft, which has been tried. */
  async function aTriedDraft(options: BrowserContextOptions) {
    const { origin, policies, operations } = await served();
    policies.seed('connections/crm', crm);
    policies.seed('policies/readers', readers);
    operations.push(anOperation(), anOperation({ operation: 'op_2', resources: ['public.orders'] }));
    const page = await open({ ...options, extraHTTPHeaders: { Authorization: 'Bearer admin' } });
    await page.goto(`${origin}/documents`);
    await page.getByText('readers').click();
    await page.getByRole('link', { name: 'Change' }).last().click();
    const draft = page.getByRole('textbox', { name: 'Draft' });
    await draft.fill((await draft.inputValue()).replace('effect: allow', 'effect: deny'));
    await page.getByRole('button', { name: 'See what would change' }).click();
    await page.getByText('would be denied').waitFor();
    return { page, policies };
  }

  test('without JavaScript an author sees what a change would do, saves it, and finds it in the history', async () => {
    const { page, policies } = await aTriedDraft({ javaScriptEnabled: false });
    const before = policies.contents()['policies/readers'];

    const put = await page.getByRole('insertion').first().innerText();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('link', { name: 'History', exact: true }).last().click();
    await page.getByText('Every change of the document').waitFor();

    expect(put).toMatch(/^\+\s*effect: deny$/);
    expect(before).toEqual(readers);
    expect(policies.contents()['policies/readers']).toMatchObject({ effect: 'deny' });
    expect(await page.locator('.diff').first().innerText()).toContain('effect: deny');
  });

  test.each(['light', 'dark'] as const)('what a draft would change can be read in %s', async (colorScheme) => {
    const { page } = await aTriedDraft({ colorScheme });

    expect(await page.locator('body *').evaluateAll(textsBelowContrast, 4.5)).toEqual([]);
  });

  test.each(['light', 'dark'] as const)(
    'everything can be read in %s: text stands out by 4.5 to 1 or more',
    async (colorScheme) => {
      const { origin, ask } = await served();
      const { id } = await ask({ operation: { statement: 'SELECT\u202e раypal\t1' } });
      const page = await open({ colorScheme, extraHTTPHeaders: { Authorization: 'Bearer dba' } });

      await page.goto(`${origin}/approvals/${id}`);
      const faint = await page.locator('body *').evaluateAll(textsBelowContrast, 4.5);

      expect(faint).toEqual([]);
    },
  );

  const replayPages = ['/sessions', '/sessions/~run-1', '/operations/op_1', '/operations/op_changed'];

  test.each(['light', 'dark'] as const)(
    'sessions and recordings can be read in %s, fit a narrow screen, and run nothing of what an agent wrote',
    async (colorScheme) => {
      const { origin } = await served();
      const viewport = { width: 390, height: 800 };
      const page = await open({ colorScheme, viewport, extraHTTPHeaders: { Authorization: 'Bearer auditor' } });
      const said: unknown[] = [];
      page.on('dialog', (dialog) => {
        said.push(dialog.message());
        void dialog.dismiss();
      });

      for (const path of replayPages) {
        await page.goto(origin + path);

        expect(await page.locator('main *').evaluateAll(textsBelowContrast, 4.5), path).toEqual([]);
        expect(await page.locator('main img, main script, main svg').count()).toBe(0);
        expect(await page.evaluate('document.documentElement.scrollWidth'), path).toBeLessThanOrEqual(390);
      }
      expect(said).toEqual([]);
    },
  );

  test('by keyboard alone an auditor goes from the list to what an agent was sent, and takes it home', async () => {
    const { origin } = await served();
    const page = await open({ javaScriptEnabled: false, extraHTTPHeaders: { Authorization: 'Bearer auditor' } });

    await page.goto(`${origin}/sessions`);
    await page.getByLabel('Outcome').selectOption('completed');
    await page.getByRole('button', { name: 'Show' }).press('Enter');
    await page.waitForURL(/outcome=completed/);
    await page.locator('.card a').press('Enter');
    await page.locator('.timeline a').first().press('Enter');
    await page.getByRole('heading', { name: 'What the agent was sent' }).waitFor();
    const header = await page.getByRole('columnheader', { name: 'email' }).textContent();
    const download = page.waitForEvent('download');
    await page.getByRole('link', { name: 'CSV' }).press('Enter');

    expect(header).toContain('masked: EMAIL_ADDRESS');
    expect((await download).suggestedFilename()).toBe('op_1.csv');
  });
});

/** What the page's own functions need to know of the DOM, whose types the rest of the tree must not see. */
type PageElement = {
  childNodes: Iterable<{ nodeType: number; textContent: string | null }>;
  parentElement: PageElement | null;
  textContent: string | null;
};
declare function getComputedStyle(element: PageElement): {
  color: string;
  backgroundColor: string;
  unicodeBidi: string;
};

/** Runs in the page (WCAG 2.2, 1.4.3): elements with text of their own whose colour is too near to what is behind it. */
function textsBelowContrast(elements: PageElement[], least: number): string[] {
  const channels = (colour: string) => (colour.match(/[\d.]+/g) ?? []).map(Number);
  const luminance = (colour: string) => {
    const [r = 0, g = 0, b = 0] = channels(colour).map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element: PageElement | null): string => {
    if (element === null) return 'rgb(255, 255, 255)';
    const colour = getComputedStyle(element).backgroundColor;
    return channels(colour)[3] === 0 ? behind(element.parentElement) : colour;
  };
  return elements
    .filter((element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent?.trim()))
    .flatMap((element) => {
      const [a, b] = [luminance(getComputedStyle(element).color), luminance(behind(element))];
      const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      return ratio < least ? [`${element.textContent?.trim().slice(0, 40)} ${ratio.toFixed(2)}`] : [];
    });
}
