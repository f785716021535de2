import type { Database } from 'better-sqlite3';
import type { Lineage } from '../../contract/registry.ts';

type Node = Lineage['nodes'][number];
type Edge = Lineage['edges'][number];

/** Edges between digests, from what was used to what was made of it. */
export class LineageTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  node(node: Node): void {
    this.#database
      .prepare(
        'INSERT INTO lineage_nodes (digest, kind, title) VALUES (?, ?, ?) ON CONFLICT (digest) DO UPDATE SET title = excluded.title',
      )
      .run(node.digest, node.kind, node.title);
  }

  edge(from: string, to: string, relation: string): void {
    this.#database
      .prepare('INSERT INTO lineage_edges (from_digest, to_digest, relation) VALUES (?, ?, ?) ON CONFLICT DO NOTHING')
      .run(from, to, relation);
  }

  around(digest: string, direction: 'upstream' | 'downstream' | 'both'): Lineage {
    const edges = new Map<string, Edge>();
    if (direction !== 'downstream')
      for (const edge of this.#walk(digest, 'to_digest', 'from_digest')) edges.set(JSON.stringify(edge), edge);
    if (direction !== 'upstream')
      for (const edge of this.#walk(digest, 'from_digest', 'to_digest')) edges.set(JSON.stringify(edge), edge);
    const digests = new Set([digest, ...[...edges.values()].flatMap((edge) => [edge.from, edge.to])]);
    const nodes = this.#database
      .prepare('SELECT digest, kind, title FROM lineage_nodes WHERE digest IN (SELECT value FROM json_each(?))')
      .all(JSON.stringify([...digests])) as Node[];
    return { nodes, edges: [...edges.values()] };
  }

  #walk(start: string, here: 'from_digest' | 'to_digest', there: 'from_digest' | 'to_digest'): Edge[] {
    return this.#database
      .prepare(
        `WITH RECURSIVE reached (digest) AS (VALUES (?) UNION SELECT lineage_edges.${there} FROM lineage_edges JOIN reached ON lineage_edges.${here} = reached.digest)
         SELECT from_digest AS "from", to_digest AS "to", relation FROM lineage_edges JOIN reached ON lineage_edges.${here} = reached.digest`,
      )
      .all(start) as Edge[];
  }
}
