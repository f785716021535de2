import { Tooltip, UnstyledButton } from '@mantine/core';
import { spotlight } from '@mantine/spotlight';
import { IconSearch } from '@tabler/icons-react';
import { NavLink } from 'react-router';
import { useProcedure } from '../client/index.ts';
import { paths } from '../components/paths.ts';
import { Keys } from '../components/small.tsx';
import type { Area } from './areas.ts';
import { areas } from './areas.ts';
import { JobsTray } from './jobs-tray.tsx';
import classes from './rail.module.css';
import { SessionMenu } from './session-menu.tsx';

/** The left rail: where one is, where one can go, what is running, who one is. */
export function Rail() {
  const info = useProcedure('workspace.info', {});
  const requests = useProcedure('registry.requests', { state: 'PENDING' });
  const pending = requests.data?.length ?? 0;
  return (
    <aside className={classes.rail} aria-label="Studio">
      <Tooltip label={info.data?.path ?? 'Home'} position="right" multiline maw={420}>
        <NavLink to={paths.home()} end className={classes.brand}>
          <img src="./icon.svg" alt="" width={22} height={22} />
          <span className={classes.workspace}>{info.data?.name ?? 'Lightbench'}</span>
        </NavLink>
      </Tooltip>
      <UnstyledButton className={classes.search} onClick={spotlight.open}>
        <IconSearch size={14} aria-hidden />
        <span>Search</span>
        <Keys shortcut="mod+k" />
      </UnstyledButton>
      <nav aria-label="Areas" className={classes.nav}>
        {areas.slice(0, 6).map((area) => (
          <RailLink key={area.path} area={area} />
        ))}
        <div className={classes.gap} />
        {areas.slice(6).map((area) => (
          <RailLink key={area.path} area={area} count={area.path === paths.review() ? pending : 0} />
        ))}
      </nav>
      <div className={classes.foot}>
        <JobsTray />
        <SessionMenu />
      </div>
    </aside>
  );
}

function RailLink({ area, count = 0 }: { readonly area: Area; readonly count?: number }) {
  const { path, label, icon: Icon } = area;
  return (
    <NavLink to={path} className={classes.link}>
      <Icon size={16} stroke={1.6} aria-hidden />
      <span>{label}</span>
      {count > 0 && (
        <span className={classes.count}>
          {count}
          <span className={classes.hidden}> waiting</span>
        </span>
      )}
    </NavLink>
  );
}
