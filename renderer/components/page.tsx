import { Anchor, Breadcrumbs } from '@mantine/core';
import type { ReactNode } from 'react';
import { useEffect } from 'react';
import { Link } from 'react-router';
import classes from './page.module.css';

export interface Crumb {
  readonly label: string;
  /** Absent on the page itself. */
  readonly to?: string;
}

export interface PageProps {
  /** From the area to this page; the last one is the page's heading. */
  readonly crumbs: readonly Crumb[];
  /** Beside the heading: a badge, a digest. */
  readonly aside?: ReactNode;
  /** Buttons at the right end of the heading. */
  readonly actions?: ReactNode;
  /** A second line under the heading: tabs, filters. */
  readonly toolbar?: ReactNode;
  /** The content scrolls itself (tables, grids): no padding, full height. */
  readonly fill?: boolean;
  readonly children: ReactNode;
}

/** The frame of every screen: breadcrumbs that end in the heading, actions, an optional toolbar, the content. */
export function Page({ crumbs, aside, actions, toolbar, fill = false, children }: PageProps) {
  const title = crumbs.at(-1)?.label ?? '';
  useEffect(() => {
    document.title = title === '' ? 'Lightbench' : `${title} · Lightbench`;
  }, [title]);
  return (
    <div className={classes.page}>
      <header className={classes.header}>
        <div className={classes.heading}>
          {crumbs.length > 1 && (
            <Breadcrumbs separator="/" separatorMargin={6} className={classes.crumbs}>
              {crumbs.slice(0, -1).map((crumb) => (
                <Anchor key={crumb.label} component={Link} to={crumb.to ?? '#'} c="dimmed">
                  {crumb.label}
                </Anchor>
              ))}
              <span />
            </Breadcrumbs>
          )}
          <h1 className={classes.title}>{title}</h1>
          {aside}
        </div>
        {actions !== undefined && <div className={classes.actions}>{actions}</div>}
      </header>
      {toolbar !== undefined && <div className={classes.toolbar}>{toolbar}</div>}
      {/* A region that scrolls must be reachable by the keyboard. */}
      <div className={fill ? classes.fill : classes.content} tabIndex={fill ? undefined : 0} data-page-content>
        {children}
      </div>
    </div>
  );
}
