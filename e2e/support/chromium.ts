import { existsSync } from 'node:fs';
import { chromium } from '@playwright/test';

const systemPlaces = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/snap/bin/chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** LIGHTBENCH_CHROMIUM, Playwright's own, or the system's. */
export function findChromium(): string | null {
  const candidates = [process.env.LIGHTBENCH_CHROMIUM ?? '', chromium.executablePath(), ...systemPlaces];
  return candidates.find((file) => file !== '' && existsSync(file)) ?? null;
}

export const chromiumArguments = ['--no-sandbox', '--disable-gpu', '--disable-background-networking'];
