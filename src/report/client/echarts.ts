/** @file The parts of the plotting library that the charts use, so that a page carries no others. */
import { BarChart, CustomChart, HeatmapChart, LineChart } from 'echarts/charts';
import {
  GridComponent,
  LegendPlainComponent,
  TitleComponent,
  TooltipComponent,
  VisualMapContinuousComponent,
} from 'echarts/components';
import { type EChartsType, init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';

use([BarChart, CustomChart, HeatmapChart, LineChart]);
use([GridComponent, LegendPlainComponent, TitleComponent, TooltipComponent, VisualMapContinuousComponent]);
use(SVGRenderer);

export { type EChartsType, init };
