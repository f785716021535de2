import path from 'node:path';
import { checkRooms } from './rooms.ts';
import { roomsTable } from './rooms-table.ts';

const violations = checkRooms(path.resolve(import.meta.dirname, '../..'), roomsTable);
for (const { file, line, message } of violations) process.stderr.write(`${file}:${line} ${message}\n`);
if (violations.length > 0) process.exitCode = 1;
process.stdout.write(violations.length === 0 ? 'Rooms: in order\n' : `Rooms: ${violations.length} violations\n`);
