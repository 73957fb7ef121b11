// FlowFormats
