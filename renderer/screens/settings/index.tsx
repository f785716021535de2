import { Tabs } from '@mantine/core';
import { Navigate, Route, Routes, useLocation, useNavigate } from 'react-router';
import { Page } from '../../components/page.tsx';
import { paths } from '../../components/paths.ts';
import { AppearanceSection } from './appearance-section.tsx';
import { DevicesSection } from './devices-section.tsx';
import { PeopleSection } from './people-section.tsx';
import { WorkspaceSection } from './workspace-section.tsx';

const sections = [
  { value: 'people', label: 'People', view: PeopleSection },
  { value: 'devices', label: 'Devices', view: DevicesSection },
  { value: 'workspace', label: 'Workspace', view: WorkspaceSection },
  { value: 'appearance', label: 'Appearance', view: AppearanceSection },
] as const;

export default function SettingsScreen() {
  const navigate = useNavigate();
  const section = useLocation().pathname.split('/')[2] ?? sections[0].value;
  return (
    <Page
      crumbs={[{ label: 'Settings' }]}
      toolbar={
        <Tabs value={section} onChange={(value) => value !== null && void navigate(paths.settings(value))} mb={-1}>
          <Tabs.List style={{ borderBottom: 'none' }}>
            {sections.map(({ value, label }) => (
              <Tabs.Tab key={value} value={value} h={40}>
                {label}
              </Tabs.Tab>
            ))}
          </Tabs.List>
        </Tabs>
      }
    >
      <div style={{ maxWidth: 960 }}>
        <Routes>
          {sections.map(({ value, view: View }) => (
            <Route key={value} path={value} element={<View />} />
          ))}
          <Route path="*" element={<Navigate to={paths.settings()} replace />} />
        </Routes>
      </div>
    </Page>
  );
}
