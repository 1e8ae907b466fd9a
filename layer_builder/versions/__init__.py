"""What is on AWS, for `layer-builder versions`."""
