import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const LONGEST_TEXT = 20_000;

/** The SpamAssassin corpus as one JSON table: subject and body of each mail, ham or spam. Headers would give it away. */
export function composeMails(source: string, target: string): string {
  const rows = readdirSync(source, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name: folder }) =>
      readdirSync(join(source, folder))
        .filter((name) => name.endsWith('.txt'))
        .sort()
        .map((name) => {
          // Mails of 2002 come in many encodings; every byte is a character of this one.
          const mail = readFileSync(join(source, folder, name), 'latin1').replaceAll('\r\n', '\n');
          const end = mail.indexOf('\n\n');
          const subject = /^subject:[ \t]*(.*)$/im.exec(mail.slice(0, end))?.[1] ?? '';
          return {
            text: `${subject}\n${mail.slice(end)}`.trim().slice(0, LONGEST_TEXT),
            label: folder.startsWith('spam') ? 'spam' : 'ham',
          };
        }),
    );
  mkdirSync(target, { recursive: true });
  const path = join(target, 'mails.json');
  writeFileSync(path, JSON.stringify(rows));
  return path;
}
