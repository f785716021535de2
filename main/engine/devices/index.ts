export { type ChosenDevice, Devices } from './devices.ts';
