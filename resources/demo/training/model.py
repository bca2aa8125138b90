"""The network: about 0.3 million parameters, with one of each thing that a quantizer has to treat differently."""
import torch
from torch import nn


class ConvUnit(nn.Module):
    """Convolution, batch normalization, activation."""

    def __init__(self, inputs, outputs, kernel=3, stride=1, groups=1, activation=nn.ReLU):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False)
        self.bn = nn.BatchNorm2d(outputs)
        self.relu = activation()

    def forward(self, x):
        return self.relu(self.bn(self.conv(x)))


class Residual(nn.Module):
    """Two convolutions and a way around them; the way has a convolution of its own where the shape changes."""

    def __init__(self, inputs, outputs, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.shortcut = None
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential()
            self.shortcut.add_module("conv", nn.Conv2d(inputs, outputs, 1, stride, bias=False))
            self.shortcut.add_module("bn", nn.BatchNorm2d(outputs))
        self.relu2 = nn.ReLU()

    def forward(self, x):
        around = x if self.shortcut is None else self.shortcut(x)
        return self.relu2(self.bn2(self.conv2(self.relu1(self.bn1(self.conv1(x))))) + around)


class Separable(nn.Module):
    """A depthwise convolution and a pointwise one, as in MobileNet, with its ReLU6."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.depthwise = ConvUnit(inputs, inputs, groups=inputs, activation=nn.ReLU6)
        self.pointwise = ConvUnit(inputs, outputs, kernel=1, activation=nn.ReLU6)

    def forward(self, x):
        return self.pointwise(self.depthwise(x))


class Branches(nn.Module):
    """Two views of one input side by side: one value range for two producers."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.narrow = ConvUnit(inputs, outputs // 2, kernel=1)
        self.wide = ConvUnit(inputs, outputs // 2, kernel=3)

    def forward(self, x):
        return torch.cat([self.narrow(x), self.wide(x)], 1)


class GlyphNet(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.stem = ConvUnit(1, 24)
        self.pool1 = nn.MaxPool2d(2)                        # 32 -> 16
        self.stage1 = nn.Sequential()
        self.stage1.add_module("block0", Residual(24, 32))
        self.stage1.add_module("block1", Residual(32, 32))
        self.stage2 = nn.Sequential()
        self.stage2.add_module("block0", Residual(32, 64, stride=2))   # 16 -> 8
        self.stage2.add_module("separable", Separable(64, 80))
        self.stage2.add_module("branches", Branches(80, 96))
        self.pool2 = nn.AvgPool2d(2)                        # 8 -> 4
        self.stage3 = nn.Sequential()
        self.stage3.add_module("block0", Residual(96, 96))
        self.pool3 = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten()
        self.classifier = nn.Linear(96, classes)

    def forward(self, x):
        x = self.stage1(self.pool1(self.stem(x)))
        x = self.pool2(self.stage2(x))
        return self.classifier(self.flatten(self.pool3(self.stage3(x))))
