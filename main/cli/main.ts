import { LightbenchError } from '../contract/errors.ts';
import { readArguments } from './arguments.ts';
import { commands } from './commands.ts';

/**
 * The command line. Results go to stdout as JSON, everything for people to stderr; errors are JSON on stderr and exit
 * code 1; a wrong command line is exit code 2.
 */
const [name = 'help', ...rest] = process.argv.slice(2);
const command = commands[name];

if (command === undefined) {
  const lines = Object.entries(commands).map(
    ([key, { usage, summary }]) => `  ${`${key} ${usage}`.padEnd(52)} ${summary}`,
  );
  const output = `Usage: lightbench <command>\n\n${lines.join('\n')}\n`;
  if (name === 'help' || name === '--help') process.stdout.write(output);
  else process.stderr.write(`There is no command called ${name}.\n\n${output}`);
  process.exit(name === 'help' || name === '--help' ? 0 : 2);
}

try {
  process.exitCode = await command.run(readArguments(rest));
} catch (error) {
  process.stderr.write(`${JSON.stringify(LightbenchError.from(error).toRecord())}\n`);
  process.exitCode = 1;
}
