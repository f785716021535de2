import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { findChromium } from './chromium.ts';
import { electronRuntime } from './electron-runtime.ts';

/**
 * `npm test` and `npm run test:heavy`: gets what the tests need, builds what is stale, runs every suite, and ends with
 * the sum of all of them alone on a line: `N passed, N failed`. A check such as the linter counts as one test.
 */
const root = path.resolve(import.meta.dirname, '../..');
const reports = path.join(root, 'out/reports');
const heavy = process.argv.includes('--heavy');

interface Counts {
  readonly passed: number;
  readonly failed: number;
}
interface Suite {
  readonly name: string;
  readonly command: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Reads the counts out of the report that the suite wrote; absent: the suite is one test. */
  readonly count?: () => Counts;
}

/** A suite that takes longer hangs on something that it left behind. */
const suiteLimitMs = 45 * 60_000;
/** Debian packages that Electron needs, and what shows that one is missing. */
const electronPackages =
  'libgtk-3-0 libnss3 libasound2 libgbm1 libxss1 libatk-bridge2.0-0 libdrm2 libxkbcommon0 libnotify4 libsecret-1-0';

rmSync(reports, { recursive: true, force: true });
mkdirSync(reports, { recursive: true });
const notRun: string[] = [];
const suites = [...(heavy ? [] : checks()), ...unitTests(), ...journeys()];
let passed = 0;
let failed = 0;
for (const suite of [
  { name: 'build', command: ['node', 'resources/scripts/entry.js', 'resources/build/build.ts'] },
  ...suites,
]) {
  const counts = run(suite);
  passed += counts.passed;
  failed += counts.failed;
}
for (const sentence of notRun) process.stdout.write(`${sentence}\n`);
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exitCode = failed > 0 ? 1 : 0;

function checks(): readonly Suite[] {
  return [
    { name: 'lint', command: ['biome', 'check'] },
    { name: 'rooms', command: ['node', 'resources/lint/main.ts'] },
    { name: 'types', command: ['tsc', '-p', '.'] },
    { name: 'unused code', command: ['knip'] },
  ];
}

function unitTests(): readonly Suite[] {
  const report = path.join(reports, 'vitest.json');
  return [
    {
      name: heavy ? 'slow tests' : 'tests',
      command: [
        'vitest',
        'run',
        '--passWithNoTests',
        '--reporter=default',
        '--reporter=json',
        `--outputFile.json=${report}`,
      ],
      count: () => {
        const { numPassedTests, numFailedTests, testResults } = readJson<{
          numPassedTests: number;
          numFailedTests: number;
          testResults: readonly { status: string; assertionResults: readonly unknown[] }[];
        }>(report);
        // A file that cannot even be loaded has no tests to fail.
        const broken = testResults.filter(
          (file) => file.status === 'failed' && file.assertionResults.length === 0,
        ).length;
        return { passed: numPassedTests, failed: numFailedTests + broken };
      },
    },
  ];
}

function journeys(): readonly Suite[] {
  const projects: string[] = [];
  if (haveChromium()) projects.push('browser');
  else
    notRun.push('The journeys in Chromium were not run: install Chromium, or run `npx playwright install chromium`.');
  const lacking = lackingForElectron();
  if (lacking === null) projects.push('desktop', 'shell');
  else notRun.push(`The journeys in Electron were not run: ${lacking}.`);
  return projects.map((project) => {
    const report = path.join(reports, `${project}.json`);
    return {
      name: `journeys: ${project}`,
      command: [
        'playwright',
        'test',
        '--config=e2e/playwright.config.ts',
        `--project=${project}`,
        '--pass-with-no-tests',
      ],
      environment: { LIGHTBENCH_REPORT: report },
      count: () => {
        const { stats } = readJson<{ stats: { expected: number; unexpected: number; flaky: number } }>(report);
        return { passed: stats.expected + stats.flaky, failed: stats.unexpected };
      },
    };
  });
}

function run(suite: Suite): Counts {
  process.stdout.write(`\n── ${suite.name} ──\n`);
  const [program, ...args] = suite.command;
  const executable = program === 'node' ? process.execPath : path.join(root, 'node_modules/.bin', program ?? '');
  const { status } = spawnSync(executable, args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
    timeout: suiteLimitMs,
    killSignal: 'SIGKILL',
    env: { ...process.env, ...(heavy ? { LIGHTBENCH_HEAVY: '1' } : {}), ...suite.environment },
  });
  const counts = status === 0 || suite.count !== undefined ? countsOf(suite) : { passed: 0, failed: 1 };
  // A suite that ended badly has failed, whatever its report says.
  return status !== 0 && counts.failed === 0 ? { passed: counts.passed, failed: 1 } : counts;
}

function countsOf(suite: Suite): Counts {
  if (suite.count === undefined) return { passed: 1, failed: 0 };
  try {
    return suite.count();
  } catch (error) {
    process.stdout.write(`${suite.name} left no report: ${(error as Error).message}\n`);
    return { passed: 0, failed: 1 };
  }
}

function haveChromium(): boolean {
  if (findChromium() !== null) return true;
  if (!install('chromium', 'Chromium')) attempt('playwright', 'install', 'chromium');
  return findChromium() !== null;
}

/** What keeps the real Electron from running here; null: nothing. */
function lackingForElectron(): string | null {
  const runtime = electronRuntime();
  if (runtime.executable === null) return runtime.reason;
  if (process.platform !== 'linux') return null;
  if (missingLibraries(runtime.executable).length > 0) install(electronPackages, 'the libraries of Electron');
  const missing = missingLibraries(runtime.executable);
  if (missing.length > 0) return `it needs ${missing.join(', ')} (Debian: ${electronPackages})`;
  if (!process.env.DISPLAY && !onPath('Xvfb')) install('xvfb', 'a virtual display');
  return process.env.DISPLAY || onPath('Xvfb') ? null : 'there is neither a display nor Xvfb (Debian: xvfb)';
}

function missingLibraries(executable: string): readonly string[] {
  const { stdout } = spawnSync('ldd', [executable], { encoding: 'utf8' });
  return (stdout ?? '')
    .split('\n')
    .filter((line) => line.includes('not found'))
    .map((line) => line.trim().split(' ')[0]!);
}

/** Debian's packages, where we may install them. */
function install(packages: string, what: string): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0 || !onPath('apt-get')) return false;
  process.stdout.write(`Installing ${what} from the system's packages\n`);
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const options = { stdio: ['ignore', 'ignore', 'inherit'] as const, env: environment };
  spawnSync('apt-get', ['update', '-qq'], { ...options, stdio: [...options.stdio] });
  const { status } = spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages.split(' ')], {
    ...options,
    stdio: [...options.stdio],
  });
  return status === 0;
}

function attempt(program: string, ...args: readonly string[]): void {
  spawnSync(path.join(root, 'node_modules/.bin', program), [...args], {
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
    timeout: 300_000,
  });
}

function onPath(program: string): boolean {
  return (process.env.PATH ?? '').split(path.delimiter).some((folder) => existsSync(path.join(folder, program)));
}

function readJson<T>(file: string): T {
  return JSON.parse(readFileSync(file, 'utf8')) as T;
}
