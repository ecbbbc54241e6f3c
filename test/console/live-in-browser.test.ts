import { existsSync } from 'node:fs';
import { serve } from '@hono/node-server';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { aConsole } from './fixture.ts';
import { aRunningSession } from './live-session.ts';

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
const shots = process.env['SCREENSHOTS'];

describe.skipIf(executablePath === undefined)('a session that runs, in a real browser', { timeout: 90_000 }, () => {
  let browser: Browser;
  const closers: (() => unknown)[] = [];
  beforeAll(async () => {
    const args = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'];
    browser = await chromium.launch({ executablePath: executablePath ?? '', args });
  }, 60_000);
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });
  afterAll(() => browser.close());

  async function opened(
    path: string,
    options: { as?: string; javaScriptEnabled?: boolean; colorScheme?: 'dark' | 'light' } = {},
  ) {
    const { as = 'auditor', ...settings } = options;
    let fetch: (request: Request) => Response | Promise<Response> = () => new Response();
    const origin = await new Promise<string>((resolve) => {
      const server = serve({ fetch: (request) => fetch(request), port: 0, hostname: '127.0.0.1' }, ({ port }) =>
        resolve(`http://127.0.0.1:${port}`),
      );
      closers.push(() => {
        if ('closeAllConnections' in server) server.closeAllConnections();
        server.close();
      });
    });
    const fixture = aConsole({ origin });
    fetch = (request) => fixture.app.fetch(request);
    const session = await aRunningSession(fixture.store);
    session.say('$ kubectl get pods\r\n\u001b[32mworker\u001b[0m   Running\r\n');
    const context = await browser.newContext({ viewport: { width: 1000, height: 900 }, ...settings });
    closers.push(() => context.close());
    context.setDefaultTimeout(40_000);
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(`${origin}/sign-in`);
    await page.fill('#token', as);
    await page.click('main button');
    await page.goto(`${origin}${path}`);
    return { ...fixture, session, page, complaints };
  }

  test.each(['light', 'dark'] as const)(
    'plays as it is recorded, within the page’s own policy: %s',
    async (colorScheme) => {
      const { page, complaints, session } = await opened('/operations/op_live', { colorScheme });

      await page.locator('.ap-term', { hasText: 'Running' }).waitFor({ state: 'attached' });
      session.say('$ whoami\r\n');
      await page.locator('.ap-term', { hasText: 'whoami' }).waitFor({ state: 'attached' });
      if (shots !== undefined) await page.screenshot({ path: `${shots}/live-${colorScheme}.png`, fullPage: true });
      expect(await page.locator('#over').isHidden()).toBe(true);
      await session.end();

      await page.locator('#over').waitFor();
      if (shots !== undefined) await page.screenshot({ path: `${shots}/live-over-${colorScheme}.png`, fullPage: true });
      expect(complaints).toEqual([]);
    },
  );

  test.each(['light', 'dark'] as const)('is listed, and ended from there: %s', async (colorScheme) => {
    const { page, session, complaints } = await opened('/live', { as: 'dba', colorScheme });

    await page.locator('summary', { hasText: 'End it' }).click();
    await page.locator('textarea').fill('It reads what it must not.');
    if (shots !== undefined) await page.screenshot({ path: `${shots}/live-list-${colorScheme}.png`, fullPage: true });
    await page.locator('button', { hasText: 'End it now' }).click();

    await page.locator('.notice', { hasText: 'It reads what it must not.' }).waitFor();
    if (shots !== undefined) await page.screenshot({ path: `${shots}/live-ended-${colorScheme}.png`, fullPage: true });
    expect(session.ended).toMatchObject([{ code: 'ended' }]);
    expect(complaints).toEqual([]);
  });

  test('without JavaScript it is there as text so far, to be looked at again', async () => {
    const { page, session } = await opened('/operations/op_live', { javaScriptEnabled: false });
    const text = async () => {
      await page.locator('a', { hasText: 'Look again' }).first().click();
      await page.locator('summary').last().click();
      return page.locator('details').last().innerText();
    };

    await expect.poll(text, { timeout: 20_000 }).toContain('worker   Running');
    session.say('more of it\r\n');
    await expect.poll(text, { timeout: 20_000 }).toContain('more of it');
  });
});
