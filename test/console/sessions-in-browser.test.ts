import { existsSync } from 'node:fs';
import { serve } from '@hono/node-server';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { known } from './fake-replay.ts';
import { aConsole } from './fixture.ts';

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);

describe.skipIf(executablePath === undefined)(
  'the recording of a session in a real browser',
  { timeout: 90_000 },
  () => {
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

    async function opened(options: { javaScriptEnabled?: boolean; colorScheme?: 'dark' | 'light' } = {}) {
      let fetch: (request: Request) => Response | Promise<Response> = () => new Response();
      const origin = await new Promise<string>((resolve) => {
        const server = serve({ fetch: (request) => fetch(request), port: 0, hostname: '127.0.0.1' }, ({ port }) =>
          resolve(`http://127.0.0.1:${port}`),
        );
        closers.push(() => server.close());
      });
      const fixture = aConsole({ origin });
      fetch = (request) => fixture.app.fetch(request);
      const context = await browser.newContext({
        ...{ viewport: { width: 1000, height: 900 }, ...options },
        extraHTTPHeaders: { Authorization: 'Bearer auditor' },
      });
      closers.push(() => context.close());
      context.setDefaultTimeout(40_000);
      const page = await context.newPage();
      const complaints: string[] = [];
      page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
      page.on('pageerror', (error) => complaints.push(error.message));
      await page.goto(`${origin}/operations/${known.session}`);
      return { page, complaints };
    }

    test.each(['light', 'dark'] as const)('it plays within the page’s own policy: %s', async (colorScheme) => {
      const { page, complaints } = await opened({ colorScheme });

      await page.locator('.ap-player').waitFor();
      await page.locator('.ap-wrapper').focus();
      await page.keyboard.press('Space');
      await page.locator('.ap-term', { hasText: 'oops' }).waitFor({ state: 'attached' });

      const shots = process.env['SCREENSHOTS'];
      if (shots !== undefined) await page.screenshot({ path: `${shots}/session-${colorScheme}.png`, fullPage: true });
      expect(complaints).toEqual([]);
    });

    test('without JavaScript it is there as text', async () => {
      const { page } = await opened({ javaScriptEnabled: false });

      const text = await page.locator('details').innerText();

      expect(text).toContain('bin  etc');
      expect(text).toContain('[stderr]');
      expect(text).toContain('oops');
    });
  },
);
