import resnet8


def build():
    return resnet8.build(norm=True)
