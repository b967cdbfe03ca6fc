# expect: crashed
class Odd(GeneratorExit):
    pass


raise Odd("leaving")
