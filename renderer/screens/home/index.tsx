import { Page } from '../../components/page.tsx';
import { NothingHere } from '../../components/states.tsx';

export default function HomeScreen() {
  return (
    <Page crumbs={[{ label: 'Home' }]}>
      <NothingHere title="Welcome" />
    </Page>
  );
}
